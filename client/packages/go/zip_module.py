"""Makes the zip of the module, as go.dev/ref/mod#zip-files has it: every name begins with the module and
its version. What builds the module is left out."""

import pathlib
import sys
import zipfile

prefix, target = sys.argv[1:]
here = pathlib.Path(__file__).parent
wanted = ["*.go", "v1/*.go", "go.mod", "go.sum", "service_config.json", "LICENSE-*", "README.md"]
with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
    for file in sorted(file for pattern in wanted for file in here.glob(pattern)):
        archive.write(file, f"{prefix}/{file.relative_to(here)}")
