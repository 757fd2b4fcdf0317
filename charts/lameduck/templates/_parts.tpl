{{/* What the containers of all modes have. Each is given what lameduck.pod knows. */}}

{{- define "lameduck.image" -}}
image: {{ .options.image | quote }}
{{- with .options.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
{{- end -}}

{{/* lameduck's variables that its container has not set itself. A pod is told neither its grace period nor who it is. */}}
{{- define "lameduck.env" -}}
{{- $options := .options.env | default dict -}}
{{- $all := list -}}
{{- $fields := list (list "NAME" "metadata.name") (list "UID" "metadata.uid") (list "NAMESPACE" "metadata.namespace") (list "IP" "status.podIPs") -}}
{{- range $fields -}}
{{- $from := dict "fieldRef" (dict "fieldPath" (last .)) -}}
{{- $all = append $all (dict "name" (printf "LAMEDUCK_POD_%s" (first .)) "valueFrom" $from) -}}
{{- end -}}
{{- $all = append $all (dict "name" "LAMEDUCK_DEADLINE" "value" (printf "%ss" (include "lameduck.gracePeriod" .))) -}}
{{- if and (ne .mode "sidecar") .options.ports -}}
{{- $all = append $all (dict "name" "LAMEDUCK_PORT" "value" (include "lameduck.ports" .)) -}}
{{- end -}}
{{- $kept := list -}}
{{- $theirs := list -}}
{{- if ne .mode "sidecar" }}{{ range .container.env }}{{ $theirs = append $theirs .name }}{{ end }}{{ end -}}
{{- range $all }}{{ if not (or (hasKey $options .name) (has .name $theirs)) }}{{ $kept = append $kept . }}{{ end }}{{ end -}}
{{- range $name, $value := $options -}}
{{- if not (has $name $theirs) }}{{ $kept = append $kept (dict "name" $name "value" $value) }}{{ end -}}
{{- end -}}
{{- toYaml $kept -}}
{{- end -}}

{{/* terminationGracePeriodSeconds; 30 is what the API server fills in. */}}
{{- define "lameduck.gracePeriod" -}}
{{- /* As JSON: printed otherwise, 1000000 is 1e+06. */ -}}
{{- $seconds := toJson .template.spec.terminationGracePeriodSeconds -}}
{{- if eq $seconds "null" }}{{ $seconds = "30" }}{{ end -}}
{{- if not (regexMatch "^[0-9]+$" $seconds) -}}
{{- fail (printf "lameduck: %s: terminationGracePeriodSeconds is no number of seconds: %s" .name $seconds) -}}
{{- end -}}
{{ $seconds }}
{{- end -}}

{{/* The server's ports, with commas: those that were given, or the container's own. */}}
{{- define "lameduck.ports" -}}
{{- $ports := list -}}
{{- range .options.ports }}{{ $ports = append $ports (int . | toString) }}{{ end -}}
{{- if not $ports -}}
{{- range .container.ports }}{{ if eq (.protocol | default "TCP") "TCP" }}{{ $ports = append $ports (int .containerPort | toString) }}{{ end }}{{ end -}}
{{- end -}}
{{- join "," $ports -}}
{{- end -}}

{{/* A quota or an autoscaler may ask for them. One container whose requests are not its limits would make a Guaranteed pod Burstable. */}}
{{- define "lameduck.resources" -}}
{{- $limits := dict "cpu" "200m" "memory" "64Mi" -}}
{{- $requests := dict "cpu" "10m" "memory" "32Mi" -}}
{{- if eq (include "lameduck.isGuaranteed" .) "true" }}{{ $requests = $limits }}{{ end -}}
{{- dict "requests" (.options.requests | default $requests) "limits" (.options.limits | default $limits) | toYaml -}}
{{- end -}}

{{/* Whether each container's limits of cpu and memory are its requests. */}}
{{- define "lameduck.isGuaranteed" -}}
{{- $is := true -}}
{{- range concat (.template.spec.containers | default list) (.template.spec.initContainers | default list) -}}
{{- $limits := (.resources).limits | default dict -}}
{{- $requests := (.resources).requests | default dict -}}
{{- range list "cpu" "memory" -}}
{{- $limit := get $limits . -}}
{{- if or (eq (toString $limit) "") (and (hasKey $requests .) (ne (get $requests . | toString) (toString $limit))) }}{{ $is = false }}{{ end -}}
{{- end -}}
{{- end -}}
{{ $is }}
{{- end -}}

{{/* What Pod Security `restricted` asks for. Of the pod, and the user that it has to be, as JSON: the server's, or null. */}}
{{- define "lameduck.securityContext" -}}
{{- $ofPod := toJson ((first .).template.spec.securityContext).runAsUser -}}
{{- $server := last . -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
{{- if not (has $server (list "null" "0" $ofPod)) }}
runAsUser: {{ $server }}
{{- else if and (has $server (list "null" "0")) (eq $ofPod "0") }}
runAsUser: 65532
{{- end }}
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* An item in an annotation of the pod's that is a list with commas. Of the pod, the annotation and the item. */}}
{{- define "lameduck.annotate" -}}
{{- $template := (first .).template -}}
{{- $key := index . 1 -}}
{{- $item := last . -}}
{{- $metadata := $template.metadata | default dict -}}
{{- $annotations := $metadata.annotations | default dict -}}
{{- $known := splitList "," (get $annotations $key | toString) -}}
{{- $trimmed := list -}}
{{- range $known }}{{ $trimmed = append $trimmed (trim .) }}{{ end -}}
{{- if not (has $item $trimmed) -}}
{{- $_ := set $annotations $key (join "," (compact (append $known $item))) -}}
{{- end -}}
{{- $_ := set $metadata "annotations" $annotations -}}
{{- $_ := set $template "metadata" $metadata -}}
{{- end -}}
