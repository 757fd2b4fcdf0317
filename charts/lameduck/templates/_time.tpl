{{/* Whether the grace period is long enough for what lameduck and the server may need; says why not. */}}
{{- define "lameduck.timeInTheWay" -}}
{{- $grace := include "lameduck.gracePeriod" . | int64 -}}
{{- $timeout := include "lameduck.setting" (list . "LAMEDUCK_TIMEOUT" "25s") -}}
{{- $reserve := include "lameduck.setting" (list . "LAMEDUCK_RESERVE" "5s") -}}
{{- $needed := addf (include "lameduck.seconds" (list . "LAMEDUCK_TIMEOUT" $timeout)) (include "lameduck.seconds" (list . "LAMEDUCK_RESERVE" $reserve)) -}}
{{- $presets := dict "kube-proxy" "1.5" "ingress" "5" "dns" "30" "cloud-lb" "120" -}}
{{- $propagation := include "lameduck.setting" (list . "LAMEDUCK_PROPAGATION" "0") -}}
{{- $propagation = get $presets $propagation | default $propagation -}}
{{- $lameDuck := include "lameduck.setting" (list . "LAMEDUCK_LAME_DUCK" "0") -}}
{{- $goesOn := maxf (include "lameduck.seconds" (list . "LAMEDUCK_PROPAGATION" $propagation)) (include "lameduck.seconds" (list . "LAMEDUCK_LAME_DUCK" $lameDuck)) -}}
{{- if lt (float64 $grace) $needed -}}
terminationGracePeriodSeconds is {{ $grace }}, less than LAMEDUCK_TIMEOUT ({{ $timeout }}) and LAMEDUCK_RESERVE ({{ $reserve }}) together: raise it to {{ ceil $needed }}, or lower them in `env`
{{- else if ge $goesOn (include "lameduck.seconds" (list . "LAMEDUCK_TIMEOUT" $timeout) | float64) -}}
the server goes on for {{ $goesOn }} s (LAMEDUCK_PROPAGATION, LAMEDUCK_LAME_DUCK), and LAMEDUCK_TIMEOUT is {{ $timeout }}: raise that, and the grace period
{{- end -}}
{{- end -}}

{{/* A variable as lameduck will have it: the container's own goes before `env`. Of the pod, its name, and its default. */}}
{{- define "lameduck.setting" -}}
{{- $pod := first . -}}
{{- $name := index . 1 -}}
{{- $value := get ($pod.options.env | default dict) $name | default (last .) -}}
{{- if ne $pod.mode "sidecar" -}}
{{- range $pod.container.env }}{{ if eq .name $name }}{{ $value = .value | default $value }}{{ end }}{{ end -}}
{{- end -}}
{{ $value }}
{{- end -}}

{{/* A duration in seconds. Of the pod, the name of the variable that it is of, and its text. */}}
{{- define "lameduck.seconds" -}}
{{- $units := dict "ms" 0.001 "msec" 0.001 "s" 1 "sec" 1 "secs" 1 "second" 1 "seconds" 1 "m" 60 "min" 60 "mins" 60 "minute" 60 "minutes" 60 "h" 3600 "hour" 3600 "hours" 3600 "hr" 3600 "hrs" 3600 -}}
{{- $text := last . | toString -}}
{{- $sum := 0.0 -}}
{{- if regexMatch "^[0-9]+([.][0-9]*)?$" $text -}}
{{- $sum = float64 $text -}}
{{- else -}}
{{- $known := keys $units | sortAlpha | reverse | join "|" -}}
{{- if not (regexMatch (printf "^([0-9]+ *(%s) *)+$" $known) $text) -}}
{{- fail (printf "lameduck: %s: %s=%s: a duration is a number with a unit, such as 500ms, 25s or 2m" (first .).name (index . 1) $text) -}}
{{- end -}}
{{- range regexFindAll "[0-9]+ *[a-z]+" $text -1 -}}
{{- $sum = addf $sum (mulf (regexFind "^[0-9]+" . | float64) (get $units (regexFind "[a-z]+$" .))) -}}
{{- end -}}
{{- end -}}
{{ $sum }}
{{- end -}}
