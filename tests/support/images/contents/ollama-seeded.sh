#!/bin/sh
# Links the models of this test image into the models folder, which may be empty and is the only one that can be written;
# where it can't, an image stands there, which holds what it holds.
set -e
models="${OLLAMA_MODELS:?names the folder for the models}"
if [ -w "$models" ]; then cp -rsf /seed/. "$models"/; fi
exec ollama "$@"
