"""The rows of a GeoParquet file as JSON, by PyArrow: {"geo": …, "rows": [{column: value, "geometry": hex}]}."""
import json
import sys

import pyarrow.parquet as parquet

file = parquet.ParquetFile(sys.argv[1])
rows = file.read().to_pylist()
for row in rows:
    row["geometry"] = row["geometry"] and row["geometry"].hex()
print(json.dumps({"geo": json.loads(file.metadata.metadata[b"geo"]), "rows": rows}))
