{{/* The pods' template before lameduck. */}}
{{- define "lameduck-web.pod" -}}
metadata:
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  labels:
    {{- mergeOverwrite (deepCopy .Values.podLabels) (include "lameduck-web.selector" . | fromYaml) | toYaml | nindent 4 }}
spec:
  serviceAccountName: {{ include "lameduck-web.account" . }}
  automountServiceAccountToken: {{ .Values.rbac.create }}
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- range $key := list "imagePullSecrets" "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "volumes" }}
  {{- with get $.Values $key }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
  - name: web
    image: {{ required "lameduck-web: `image` is not set: give the application's, by tag or digest" .Values.image | quote }}
    {{- with .Values.imagePullPolicy }}
    imagePullPolicy: {{ . }}
    {{- end }}
    ports:
    - {name: http, containerPort: {{ .Values.port }}}
    {{- range $key := list "command" "args" "env" "envFrom" "resources" "readinessProbe" "livenessProbe" "startupProbe" "volumeMounts" "securityContext" }}
    {{- with get $.Values $key }}
    {{ $key }}:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- end }}
{{- end -}}
