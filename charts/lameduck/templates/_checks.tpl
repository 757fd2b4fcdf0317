{{/* What keeps lameduck out of a pod, each with a sentence; the same as for `lameduck inject` (docs/inject.md). */}}
{{- define "lameduck.check" -}}
{{- $spec := .template.spec -}}
{{- $why := list -}}
{{- if not .options.image -}}
{{- $why = append $why "no image of lameduck's is given: set `image`, by tag or digest" -}}
{{- end -}}
{{- if or (eq (toString ($spec.os).name) "windows") (eq (get ($spec.nodeSelector | default dict) "kubernetes.io/os") "windows") -}}
{{- $why = append $why "it is for Windows: lameduck runs on Linux" -}}
{{- end -}}
{{- $first := first (concat (.container.command | default .options.command | default list) (.container.args | default list)) | toString -}}
{{- if eq (base $first) "lameduck" -}}
{{- $why = append $why (printf "container %s runs under lameduck already, by hand: take that away, or set `enabled: false`" .containerName) -}}
{{- end -}}
{{- with include "lameduck.taken" . -}}
{{- $why = append $why (printf "it has %s already, by hand: take that away, or set `enabled: false`" .) -}}
{{- end -}}
{{- with include "lameduck.hookInTheWay" . }}{{ $why = append $why . }}{{ end -}}
{{- if eq .mode "entrypoint" -}}
{{- if and (not .container.command) (not .options.command) -}}
{{- $why = append $why (printf "container %s has no command, and what its image runs is not known here: give it with `command`" .containerName) -}}
{{- else if and .container.command .options.command -}}
{{- $why = append $why (printf "container %s has a command of its own: leave `command` out" .containerName) -}}
{{- end -}}
{{- else if .options.command -}}
{{- $why = append $why "`command` is for mode entrypoint" -}}
{{- end -}}
{{- if eq .mode "sidecar" -}}
{{- with include "lameduck.portInTheWay" . }}{{ $why = append $why . }}{{ end -}}
{{- if eq .options.mount "image" }}{{ $why = append $why "`mount: image` is for modes entrypoint and hook" }}{{ end -}}
{{- if $spec.hostNetwork -}}
{{- $why = append $why "it is on the host's network (hostNetwork): the sidecar's port would be open on the node, to everybody. Modes hook and entrypoint have none" -}}
{{- end -}}
{{- else if .options.mesh -}}
{{- $why = append $why "`mesh` is for mode sidecar" -}}
{{- end -}}
{{- with include "lameduck.timeInTheWay" . }}{{ $why = append $why . }}{{ end -}}
{{- if $why }}{{ fail (printf "lameduck: %s: %s" .name (join "; " $why)) }}{{ end -}}
{{- end -}}

{{/* What has lameduck's names already. */}}
{{- define "lameduck.taken" -}}
{{- $taken := "" -}}
{{- range .container.volumeMounts }}{{ if eq .mountPath "/lameduck" }}{{ $taken = "something mounted at /lameduck" }}{{ end }}{{ end -}}
{{- range .template.spec.volumes }}{{ if eq .name "lameduck" }}{{ $taken = "a volume lameduck" }}{{ end }}{{ end -}}
{{- range concat .template.spec.containers (.template.spec.initContainers | default list) -}}
{{- if or (eq .name "lameduck") (hasPrefix "lameduck-install" .name) }}{{ $taken = printf "a container %s" .name }}{{ end -}}
{{- end -}}
{{ $taken }}
{{- end -}}

{{- define "lameduck.hookInTheWay" -}}
{{- $hook := (.container.lifecycle).preStop -}}
{{- if $hook -}}
{{- $words := ($hook.exec).command | default list -}}
{{- $script := "" -}}
{{- if and (eq (len $words) 3) (has (first $words | base) (list "sh" "bash" "ash" "dash")) (eq (index $words 1) "-c") -}}
{{- $script = last $words -}}
{{- else if eq (first $words | toString | base) "sleep" -}}
{{- $script = "sleep" -}}
{{- end -}}
{{- if or (hasKey $hook "sleep") (regexMatch "^\\s*(\\S*/)?sleep(\\s+[A-Za-z0-9.]+)*\\s*$" $script) -}}
the preStop hook only sleeps, which is what lameduck is there instead of: take it away
{{- else if eq .mode "entrypoint" -}}
{{- if not .options.chain -}}
there is a preStop hook, which is over before lameduck hears of the stop: `chain: true` keeps it so
{{- end -}}
{{- else if and (eq .mode "hook") (hasKey $hook "exec") -}}
{{- if not .options.chain -}}
there is a preStop hook: `chain: true` lets it run when lameduck has drained the server (by sh, in the same image)
{{- end -}}
{{- else -}}
there is a preStop hook, a container has one only, and this one cannot be chained in mode {{ .mode }}: mode entrypoint with `chain: true` can
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "lameduck.portInTheWay" -}}
{{- $ports := include "lameduck.ports" . -}}
{{- $own := include "lameduck.httpPort" . -}}
{{- if not $ports -}}
container {{ .containerName }} names no port: give the server's with `ports`
{{- else if has $own (splitList "," $ports) -}}
port {{ $own }} is the sidecar's: give it another with LAMEDUCK_HTTP: "[::]:9181" in `env`
{{- else if and (contains "," $ports) (not .options.ports) -}}
container {{ .containerName }} has the ports {{ $ports }}: name the server's with `ports`
{{- end -}}
{{- end -}}
