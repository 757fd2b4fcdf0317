"""Whether JSON documents, one a line on standard input, are what Kubernetes' schemas ask for: in each version from 1.29 to the newest that
there is, where unknown fields are errors. Kinds that are not Kubernetes' own have no schema here and are counted. Prints how many were
looked at and in which versions; exit status 1 with what is wrong."""
import functools
import json
import sys

import kubernetes_validate
from kubernetes_validate import utils

# Each file once: of _definitions.json there is a megabyte in every version.
utils.schema_contents = functools.lru_cache(maxsize=None)(utils.schema_contents)

documents = [json.loads(line) for line in sys.stdin]
versions = sorted({utils.major_minor(version) for version in utils.all_versions()}, key=lambda version: int(version[2:]))
versions = [version for version in versions if int(version[2:]) >= 29]
wrong, without = [], 0
for version in versions:
    for document in documents:
        if document["apiVersion"].startswith("monitoring.coreos.com/"):
            without += 1
            continue
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except (utils.ValidationError, utils.SchemaNotFoundError) as error:
            name = "%s/%s" % (document["kind"], document["metadata"]["name"])
            path = ".".join(str(part) for part in getattr(error, "absolute_path", []))
            wrong.append("Kubernetes %s: %s: %s: %s" % (version, name, path, error.message))
print("%d documents, %d without a schema, of Kubernetes %s to %s" % (len(documents), without // len(versions), versions[0], versions[-1]))
for line in wrong:
    print(line, file=sys.stderr)
sys.exit(bool(wrong))
