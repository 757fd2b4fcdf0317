{{- define "lameduck-web.name" -}}
{{ .Values.fullnameOverride | default .Release.Name | trunc 52 | trimSuffix "-" }}
{{- end -}}

{{/* What the pods are found by; it can never change. */}}
{{- define "lameduck-web.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "lameduck-web.labels" -}}
{{ include "lameduck-web.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "lameduck-web.account" -}}
{{ .Values.serviceAccount.name | default (ternary (include "lameduck-web.name" .) "default" .Values.serviceAccount.create) }}
{{- end -}}

{{/* What the library chart is given. */}}
{{- define "lameduck-web.drain" -}}
{{- dict "name" (include "lameduck-web.name" .) "options" .Values.drain "account" (include "lameduck-web.account" .) | toJson -}}
{{- end -}}
