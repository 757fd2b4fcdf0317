{{/*
What lets lameduck ask the API server whether the pod is withdrawn (docs/kubernetes.md): a Role and its binding for the pods' service
account. Nothing where lameduck is switched off.

  account  the service account's name
  name     the workload's name
  options  lameduck's values
*/}}
{{- define "lameduck.rbac" -}}
{{- if ne (include "lameduck.mode" .) "off" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: lameduck-{{ .account }}
rules:
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]}
{{- if eq (toString .options.env.LAMEDUCK_OWN_POD) "read" }}
- {apiGroups: [""], resources: [pods], verbs: [get]}
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: lameduck-{{ .account }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: lameduck-{{ .account }}
subjects:
- kind: ServiceAccount
  name: {{ .account }}
{{- end -}}
{{- end -}}
