"""The flow of invoice_ollama.py as a file that LangFlow's editor takes.

python editor.py > invoice.json
"""

from __future__ import annotations

import json

from invoice_ollama import graph

flow = graph.dump(name="Invoice", description="An invoice to JSON, by a pool of Laneway")
for node in flow["data"]["nodes"]:
    template = node["data"]["node"]["template"]
    if "format" in template:
        template["format"]["show"] = True  # the editor sends no field that it does not show
print(json.dumps(flow))
