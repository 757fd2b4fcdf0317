"""Says whether AWS' own library takes a task definition as the parameters of RegisterTaskDefinition. Nothing is sent."""
import json
import sys

import botocore.session
from botocore.validate import ParamValidator

operation = botocore.session.get_session().get_service_model("ecs").operation_model("RegisterTaskDefinition")
with open(sys.argv[1]) as file:
    report = ParamValidator().validate(json.load(file), operation.input_shape)
if report.has_errors():
    sys.exit(report.generate_report())
