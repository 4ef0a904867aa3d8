"""Boxes of models as trimesh sees them, upright (x east, y north, z up). Prints {file: [low, high]} for each FILE."""
import json
import sys

import trimesh

out = {}
for file in sys.argv[1:]:
    (x0, y0, z0), (x1, y1, z1) = trimesh.load(file, force="scene").bounds.tolist()
    out[file] = [[x0, -z1, y0], [x1, -z0, y1]]
print(json.dumps(out))
