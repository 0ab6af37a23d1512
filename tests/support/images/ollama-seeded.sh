#!/bin/sh
# Links the models of this test image into the models folder, which may be empty and is the only one that can be written.
set -e
models="${OLLAMA_MODELS:?names the folder for the models}"
cp -rsf /seed/. "$models"/
exec ollama "$@"
