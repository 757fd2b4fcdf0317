{{/* Mode sidecar: a container beside the server's, and a preStop hook that asks it. */}}
{{- define "lameduck.addSidecar" -}}
{{- $spec := .template.spec -}}
{{- $_ := set $spec "initContainers" (append ($spec.initContainers | default list) (include "lameduck.sidecar" . | fromYaml)) -}}
{{- $lifecycle := .container.lifecycle | default dict -}}
{{- $_ := set $lifecycle "preStop" (include "lameduck.ask" . | fromYaml) -}}
{{- $_ := set .container "lifecycle" $lifecycle -}}
{{- if .options.mesh -}}
{{- $keys := dict "istio" "traffic.sidecar.istio.io/excludeInboundPorts" "linkerd" "config.linkerd.io/skip-inbound-ports" -}}
{{- include "lameduck.annotate" (list . (get $keys .options.mesh) (include "lameduck.httpPort" .)) -}}
{{- end -}}
{{- end -}}

{{- define "lameduck.ask" -}}
httpGet:
  path: /drain
  port: {{ include "lameduck.httpPort" . }}
  httpHeaders:
  - name: X-Lameduck-Token
    value: {{ include "lameduck.token" . | quote }}
{{- end -}}

{{/* A native sidecar (Kubernetes 1.29): it starts before the server, and ends after it. */}}
{{- define "lameduck.sidecar" -}}
{{- $user := toJson (.container.securityContext).runAsUser -}}
{{- if eq $user "null" }}{{ $user = toJson (.template.spec.securityContext).runAsUser }}{{ end -}}
{{- $own := include "lameduck.httpPort" . -}}
name: lameduck
{{ include "lameduck.image" . }}
restartPolicy: Always
args: [sidecar, --port, {{ include "lameduck.ports" . | quote }}]
env:
{{ include "lameduck.env" . }}
{{- if not .options.env.LAMEDUCK_TOKEN }}
- {name: LAMEDUCK_TOKEN, value: {{ include "lameduck.token" . | quote }}}
{{- end }}
ports:
- {name: lameduck, containerPort: {{ $own }}}
# Not ready once the drain has begun: that takes the pod out of its Services, in liveness kills too.
readinessProbe:
  httpGet: {path: /readyz, port: {{ $own }}}
  periodSeconds: 1
  failureThreshold: 1
resources:
  {{- include "lameduck.resources" . | nindent 2 }}
securityContext:
  {{- include "lameduck.securityContext" (list . $user) | nindent 2 }}
{{- end -}}

{{- define "lameduck.token" -}}
{{ .options.env.LAMEDUCK_TOKEN | default .name }}
{{- end -}}

{{/* The sidecar's own port. */}}
{{- define "lameduck.httpPort" -}}
{{- $address := .options.env.LAMEDUCK_HTTP | default "[::]:9180" -}}
{{- $port := regexFind "[0-9]+$" $address -}}
{{- if not (regexMatch "^([0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]+$" $address) -}}
{{- fail (printf "lameduck: %s: LAMEDUCK_HTTP=%s: an address is one such as [::]:9181" .name $address) -}}
{{- end -}}
{{ $port }}
{{- end -}}
