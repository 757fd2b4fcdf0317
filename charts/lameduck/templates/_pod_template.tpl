{{/*
The way in. Gives a pod's template (metadata and spec) as lameduck drains it, or just as it was where that is switched off.

  podTemplate  the template, as text: what your chart has rendered
  name         the workload's name
  options      lameduck's values: .Values.lameduck

What it adds is what `lameduck inject` adds in the same mode, and it refuses what that refuses (docs/inject.md).
*/}}
{{- define "lameduck.podTemplate" -}}
{{- if eq (include "lameduck.mode" .) "off" -}}
{{- .podTemplate -}}
{{- else -}}
{{- $pod := fromJson (include "lameduck.pod" .) -}}
{{- /* fromJson makes copies: the container has to be the one in the template. */ -}}
{{- range $pod.template.spec.containers }}{{ if eq .name $pod.containerName }}{{ $_ := set $pod "container" . }}{{ end }}{{ end -}}
{{- include "lameduck.check" $pod -}}
{{- if eq $pod.mode "sidecar" -}}
{{- include "lameduck.addSidecar" $pod -}}
{{- else -}}
{{- include "lameduck.addProgram" $pod -}}
{{- end -}}
{{- toYaml $pod.template -}}
{{- end -}}
{{- end -}}

{{/* entrypoint, hook, sidecar or off. Of the same as lameduck.podTemplate. */}}
{{- define "lameduck.mode" -}}
{{- if not (kindIs "map" .options) -}}
{{- fail (printf "lameduck: %s: there are no options: give lameduck's values, such as .Values.lameduck" .name) -}}
{{- end -}}
{{- /* Unquoted, `mode: off` is false. */ -}}
{{- if or (not .options.enabled) (not .options.mode) -}}off{{- else -}}{{ .options.mode }}{{- end -}}
{{- end -}}

{{/* What is known of the pod, as JSON: name, mode, options, template, containerName. Of the same. */}}
{{- define "lameduck.pod" -}}
{{- $template := fromYaml .podTemplate -}}
{{- if hasKey $template "Error" -}}
{{- fail (printf "lameduck: %s: its pod template is no YAML: %s" .name $template.Error) -}}
{{- end -}}
{{- $names := list -}}
{{- range (($template.spec).containers) }}{{ $names = append $names (.name | default "") }}{{ end -}}
{{- $all := $names -}}
{{- range (($template.spec).initContainers) }}{{ $all = append $all (.name | default "") }}{{ end -}}
{{- if ne (len $all) (len (uniq $all)) -}}
{{- fail (printf "lameduck: %s: two of its containers have one name: %s" .name (join ", " $all)) -}}
{{- end -}}
{{- $default := get (($template.metadata).annotations | default dict) "kubectl.kubernetes.io/default-container" -}}
{{- $wanted := .options.container | default (ternary (first $names) $default (eq (len $names) 1)) -}}
{{- if not (has $wanted $names) -}}
{{- if $wanted -}}
{{- fail (printf "lameduck: %s: it has no container %s, but %s: name the server's with `container`" .name $wanted (join ", " $names)) -}}
{{- else if $names -}}
{{- fail (printf "lameduck: %s: it has the containers %s: name the server's with `container`" .name (join ", " $names)) -}}
{{- end -}}
{{- fail (printf "lameduck: %s: it has no container with a name" .name) -}}
{{- end -}}
{{- dict "name" .name "mode" .options.mode "options" .options "template" $template "containerName" $wanted | toJson -}}
{{- end -}}
