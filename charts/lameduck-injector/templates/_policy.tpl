{{/* The policy's spec. The argument: `root`, `failurePolicy`, and `objectSelector` where not all pods are meant. */}}
{{- define "lameduck-injector.policy" -}}
failurePolicy: {{ .failurePolicy }}
reinvocationPolicy: Never
matchConstraints:
  {{- with .objectSelector }}
  objectSelector: {{ toJson . }}
  {{- end }}
  resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}
variables:
  {{- include "lameduck-injector.variables" (dict "root" .root "pod" "object") | nindent 2 }}
  {{- include "lameduck-injector.reasons" .root | nindent 2 }}
  {{- include "lameduck-injector.of-mutation" .root | nindent 2 }}
mutations:
  - patchType: JSONPatch
    jsonPatch:
      expression: |-
        {{- include "lameduck-injector.mutation" .root | nindent 8 }}
{{- end }}
