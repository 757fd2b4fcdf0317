{{/* Modes entrypoint and hook: the program in the server's container, and who calls it. */}}
{{- define "lameduck.addProgram" -}}
{{- $spec := .template.spec -}}
{{- $container := .container -}}
{{- if eq .mode "entrypoint" -}}
{{- $_ := set $container "command" (concat (list "/lameduck/lameduck" "run" "--") ($container.command | default .options.command)) -}}
{{- else -}}
{{- include "lameduck.addHook" . -}}
{{- end -}}
{{- $_ := set $container "env" (concat ($container.env | default list) (include "lameduck.env" . | fromYamlArray)) -}}
{{- $mount := dict "name" "lameduck" "mountPath" "/lameduck" "readOnly" true -}}
{{- $_ := set $container "volumeMounts" (append ($container.volumeMounts | default list) $mount) -}}
{{- $volume := dict "name" "lameduck" "emptyDir" dict -}}
{{- if eq .options.mount "image" -}}
{{- $image := dict "reference" .options.image -}}
{{- if .options.pullPolicy }}{{ $_ := set $image "pullPolicy" .options.pullPolicy }}{{ end -}}
{{- $volume = dict "name" "lameduck" "image" $image -}}
{{- else -}}
{{- $_ := set $spec "initContainers" (append ($spec.initContainers | default list) (include "lameduck.install" . | fromYaml)) -}}
{{- /* An emptyDir would keep the cluster autoscaler from removing the node. */ -}}
{{- include "lameduck.annotate" (list . "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes" "lameduck") -}}
{{- end -}}
{{- $_ := set $spec "volumes" (append ($spec.volumes | default list) $volume) -}}
{{- end -}}

{{/* `lameduck wait` as the preStop hook, or before the one that is there. */}}
{{- define "lameduck.addHook" -}}
{{- $lifecycle := .container.lifecycle | default dict -}}
{{- $command := list "/lameduck/lameduck" "wait" -}}
{{- if $lifecycle.preStop -}}
{{- /* The shell's own name, and then the hook's command as its arguments, whatever is in them. */ -}}
{{- $command = concat (list "sh" "-c" "/lameduck/lameduck wait; exec \"$@\"" "sh") $lifecycle.preStop.exec.command -}}
{{- end -}}
{{- $_ := set $lifecycle "preStop" (dict "exec" (dict "command" $command)) -}}
{{- $_ := set .container "lifecycle" $lifecycle -}}
{{- end -}}

{{/* The init container that copies the program into the emptyDir. */}}
{{- define "lameduck.install" -}}
name: lameduck-install
{{ include "lameduck.image" . }}
args: [install, /target]
resources:
  {{- include "lameduck.resources" . | nindent 2 }}
securityContext:
  {{- include "lameduck.securityContext" (list . "null") | nindent 2 }}
volumeMounts:
- {name: lameduck, mountPath: /target}
{{- end -}}
