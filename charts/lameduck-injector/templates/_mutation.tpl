{{/*
What is added, as one list of patches: all of it or nothing. Lists get their elements one at a time (`/-`): a list of objects as a
patch's value stops the API server of 1.34, with failurePolicy Ignore, too. What `lameduck inject` adds (src/inject/modes.rs), but for
what docs/injector.md names.
*/}}
{{- define "lameduck-injector.mutation" -}}
!variables.concerned || variables.full ? []
: (has(object.metadata.annotations) ? [] : [JSONPatch{op: 'add', path: '/metadata/annotations', value: {}}])
+ (variables.reasons.size() > 0
? [JSONPatch{op: 'add', path: '/metadata/annotations/inject.lameduck.dev~1left-alone', value: variables.reason}]
: [JSONPatch{op: 'add', path: '/metadata/annotations/lameduck.dev~1injected', value: 'admission: ' + variables.mode}]
+ (has(object.spec.initContainers) ? [] : [JSONPatch{op: 'add', path: '/spec/initContainers', value: []}])
+ (variables.mode == 'sidecar' ? (
{{ include "lameduck-injector.sidecar" . | indent 2 }}
) : (
{{ include "lameduck-injector.program" . | indent 2 }}
  + (variables.mode == 'hook' ? (
{{ include "lameduck-injector.hook" . | indent 4 }}
  ) : (
{{ include "lameduck-injector.entrypoint" . | indent 4 }}
  ))
)))
{{- end }}

{{/* The program in the server's container, and its variables. */}}
{{- define "lameduck-injector.program" -}}
(has(object.spec.volumes) ? [] : [JSONPatch{op: 'add', path: '/spec/volumes', value: []}])
+ (has(variables.container.volumeMounts) ? [] : [JSONPatch{op: 'add', path: variables.path + '/volumeMounts', value: []}])
+ [JSONPatch{op: 'add', path: variables.path + '/volumeMounts/-', value: Object.spec.containers.volumeMounts{name: 'lameduck', mountPath: '/lameduck', readOnly: true}}]
+ (has(variables.container.env) ? [] : [JSONPatch{op: 'add', path: variables.path + '/env', value: []}])
{{ include "lameduck-injector.env" (dict "path" "variables.path" "type" "containers") }}
{{- if eq .Values.mount "image" }}
+ [JSONPatch{op: 'add', path: '/spec/volumes/-', value: Object.spec.volumes{name: 'lameduck', image: Object.spec.volumes.image{
  reference: {{ include "lameduck-injector.image" . | toJson }}{{ with .Values.pullPolicy }}, pullPolicy: {{ . | toJson }}{{ end }}}}}]
{{- else }}
+ [JSONPatch{op: 'add', path: '/spec/volumes/-', value: Object.spec.volumes{name: 'lameduck', emptyDir: Object.spec.volumes.emptyDir{}}}]
+ {{ include "lameduck-injector.listed" (dict "key" "'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes'" "item" "'lameduck'") }}
+ [JSONPatch{op: 'add', path: '/spec/initContainers/-', value: Object.spec.initContainers{name: 'lameduck-install',
  {{ include "lameduck-injector.container" . | nindent 2 | trim }}
  args: ['install', '/target']}}]
+ [JSONPatch{op: 'add', path: variables.added + '/volumeMounts', value: []},
  JSONPatch{op: 'add', path: variables.added + '/volumeMounts/-', value: Object.spec.initContainers.volumeMounts{name: 'lameduck', mountPath: '/target'}}]
+ variables.quantities.map(q, JSONPatch{op: 'add', path: variables.added + '/resources/' + q.kind + '/' + q.resource, value: q.quantity})
+ variables.user.map(u, JSONPatch{op: 'add', path: variables.added + '/securityContext/runAsUser', value: u})
{{- end }}
{{- end }}

{{/* `lameduck wait` as the preStop hook, or before the one that is there. */}}
{{- define "lameduck-injector.hook" -}}
(variables.hooked
? [{{ range $i, $word := list "sh" "-c" "/lameduck/lameduck wait; exec \"$@\"" "sh" }}{{ if $i }},
  {{ end }}JSONPatch{op: 'add', path: variables.path + '/lifecycle/preStop/exec/command/{{ $i }}', value: {{ $word | squote }}}{{ end }}]
: (has(variables.container.lifecycle) ? [] : [JSONPatch{op: 'add', path: variables.path + '/lifecycle', value: {}}])
+ [JSONPatch{op: 'add', path: variables.path + '/lifecycle/preStop', value: Object.spec.containers.lifecycle.preStop{
  exec: Object.spec.containers.lifecycle.preStop.exec{command: ['/lameduck/lameduck', 'wait']}}}])
{{- end }}

{{/* `lameduck run` in front of the container's own command, or of the one that was given. */}}
{{- define "lameduck-injector.entrypoint" -}}
(has(variables.container.command) ? [] : [JSONPatch{op: 'add', path: variables.path + '/command', value: []}])
+ [JSONPatch{op: 'add', path: variables.path + '/command/0', value: '/lameduck/lameduck'},
  JSONPatch{op: 'add', path: variables.path + '/command/1', value: 'run'},
  JSONPatch{op: 'add', path: variables.path + '/command/2', value: '--'}]
+ variables.words.map(w, JSONPatch{op: 'add', path: variables.path + '/command/-', value: w})
{{- end }}

{{- define "lameduck-injector.sidecar" -}}
[JSONPatch{op: 'add', path: '/spec/initContainers/-', value: Object.spec.initContainers{name: 'lameduck',
  {{ include "lameduck-injector.container" . | nindent 2 | trim }}
  restartPolicy: 'Always',
  args: ['sidecar', '--port', variables.ports.join(',')],
  readinessProbe: Object.spec.initContainers.readinessProbe{periodSeconds: 1, failureThreshold: 1,
    httpGet: Object.spec.initContainers.readinessProbe.httpGet{path: '/readyz', port: variables.http}}}}]
+ [JSONPatch{op: 'add', path: variables.added + '/ports', value: []},
  JSONPatch{op: 'add', path: variables.added + '/ports/-', value: Object.spec.initContainers.ports{name: 'lameduck', containerPort: variables.http}},
  JSONPatch{op: 'add', path: variables.added + '/env', value: []},
  JSONPatch{op: 'add', path: variables.added + '/env/-', value: Object.spec.initContainers.env{name: 'LAMEDUCK_TOKEN', value: variables.token}}]
{{ include "lameduck-injector.env" (dict "path" "variables.added" "type" "initContainers") }}
+ variables.quantities.map(q, JSONPatch{op: 'add', path: variables.added + '/resources/' + q.kind + '/' + q.resource, value: q.quantity})
+ variables.user.map(u, JSONPatch{op: 'add', path: variables.added + '/securityContext/runAsUser', value: u})
+ (has(variables.container.lifecycle) ? [] : [JSONPatch{op: 'add', path: variables.path + '/lifecycle', value: {}}])
+ [JSONPatch{op: 'add', path: variables.path + '/lifecycle/preStop', value: Object.spec.containers.lifecycle.preStop{
    httpGet: Object.spec.containers.lifecycle.preStop.httpGet{path: '/drain', port: variables.http}}},
  JSONPatch{op: 'add', path: variables.path + '/lifecycle/preStop/httpGet/httpHeaders', value: []},
  JSONPatch{op: 'add', path: variables.path + '/lifecycle/preStop/httpGet/httpHeaders/-', value: Object.spec.containers.lifecycle.preStop.httpGet.httpHeaders{
    name: 'X-Lameduck-Token', value: variables.token}}]
+ (!('inject.lameduck.dev/mesh' in variables.annotations) ? []
: {{ include "lameduck-injector.listed" (dict "key" "variables.mesh" "item" "string(variables.http)") | nindent 2 | trim }})
{{- end }}
