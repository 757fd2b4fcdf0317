{{/* What the chart's objects are called. Most belong to no namespace. */}}
{{- define "lameduck-injector.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "lameduck-injector.labels" -}}
app.kubernetes.io/name: lameduck-injector
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* The newest version of MutatingAdmissionPolicy that the cluster serves. */}}
{{- define "lameduck-injector.apiVersion" -}}
{{- if .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy" -}}
admissionregistration.k8s.io/v1
{{- else if .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy" -}}
admissionregistration.k8s.io/v1beta1
{{- else -}}
{{- fail (printf "this cluster (Kubernetes %s) serves no MutatingAdmissionPolicy in v1 or v1beta1: it is there by itself from 1.36, and in 1.34 and 1.35 with the feature gate MutatingAdmissionPolicy and --runtime-config=admissionregistration.k8s.io/v1beta1=true. `lameduck inject` does the same to manifests, on any cluster (docs/inject.md). `helm template` knows no cluster: give it --api-versions admissionregistration.k8s.io/v1/MutatingAdmissionPolicy" .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- end }}

{{- define "lameduck-injector.image" -}}
{{- required "image is not set: lameduck's image by tag or digest, such as --set image=registry.example/lameduck:1" .Values.image -}}
{{- end }}

{{/* The name of an admission policy's field, and the label that a namespace asks by. */}}
{{- define "lameduck-injector.modes" -}}
["hook", "sidecar", "entrypoint"]
{{- end }}

{{/* What makes an object one of those that the canaries need: gone again before the release's own are made. */}}
{{- define "lameduck-injector.of-canary" }}
  labels:
    {{- include "lameduck-injector.labels" . | nindent 4 }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end }}
