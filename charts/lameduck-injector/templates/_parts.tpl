{{/* Parts of `lameduck-injector.mutation`, and the variables that it alone has. */}}
{{- define "lameduck-injector.of-mutation" -}}
- name: path
  expression: "'/spec/containers/' + string(variables.at)"
- name: added
  expression: "'/spec/initContainers/' + string(variables.initContainers.size())"
# Names of variables that are not to be added, and those that are, but for the pod's own fields.
- name: settled
  expression: "variables.given.map(v, v.name) + (variables.mode == 'sidecar' ? [] : variables.own)"
- name: env
  expression: >-
    variables.given.filter(v, variables.mode == 'sidecar' ? !(v.name in ['LAMEDUCK_PORT', 'LAMEDUCK_TOKEN']) : !(v.name in variables.own))
    + ('LAMEDUCK_DEADLINE' in variables.settled ? [] : [{'name': 'LAMEDUCK_DEADLINE', 'value': string(variables.grace) + 's'}])
- name: mesh
  expression: >-
    {'istio': 'traffic.sidecar.istio.io/excludeInboundPorts', 'linkerd': 'config.linkerd.io/skip-inbound-ports'}[variables.annotations['inject.lameduck.dev/mesh']]
# One container whose requests are not its limits would make a Guaranteed pod Burstable (ComputePodQOS, pkg/apis/core/v1/helper/qos).
- name: guaranteed
  expression: >-
    (variables.containers + variables.initContainers).all(c, ['cpu', 'memory'].all(r, c.?resources.?limits[?r].hasValue()
    && c.?resources.?requests[?r].orValue(c.resources.limits[r]) == c.resources.limits[r]))
- name: resources
  expression: variables.container.?resources.orValue(dyn({}))
# The container that copies the program has the server's, where that has any: what admits the one admits the other, and as the
# larger of both counts, no more is asked of a quota. The API server refuses a container that has more than the pod as a whole.
- name: copied
  expression: |-
    variables.mode == 'sidecar' ? []
    : ['cpu', 'memory', 'ephemeral-storage'].filter(r, r in variables.resources.?requests.orValue(dyn({})))
    .map(r, {'kind': 'requests', 'resource': r, 'quantity': string(variables.resources.requests[r])})
    + ['cpu', 'memory', 'ephemeral-storage'].filter(r, r in variables.resources.?limits.orValue(dyn({})))
    .map(r, {'kind': 'limits', 'resource': r, 'quantity': string(variables.resources.limits[r])})
- name: quantities
  expression: |-
    variables.pod.spec.?resources.hasValue() ? []
    : variables.copied.size() > 0 ? variables.copied
    : [{{ range $resource, $quantity := .Values.requests }}{'kind': 'requests', 'resource': '{{ $resource }}', 'quantity': {{ if hasKey $.Values.limits $resource }}variables.guaranteed ? '{{ get $.Values.limits $resource }}' : {{ end }}'{{ $quantity }}'}, {{ end }}
      {{- range $resource, $quantity := .Values.limits }}{'kind': 'limits', 'resource': '{{ $resource }}', 'quantity': '{{ $quantity }}'}, {{ end }}]
- name: podUser
  expression: variables.pod.spec.?securityContext.?runAsUser.orValue(-1)
- name: serverUser
  expression: variables.container.?securityContext.?runAsUser.orValue(variables.podUser)
# The user of lameduck's containers, where it has to be named. The sidecar's is the server's, for it may join its sockets' group only so.
- name: user
  expression: |-
    variables.mode == 'sidecar' && variables.serverUser > 0 ? (variables.serverUser == variables.podUser ? [] : [variables.serverUser])
    : variables.podUser == 0 ? [65532] : []
{{- end }}

{{/* What all containers of lameduck's have. */}}
{{- define "lameduck-injector.container" -}}
image: {{ include "lameduck-injector.image" . | toJson }},{{ with .Values.pullPolicy }} imagePullPolicy: {{ . | toJson }},{{ end }}
resources: Object.spec.initContainers.resources{requests: {}, limits: {}},
securityContext: Object.spec.initContainers.securityContext{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true,
  capabilities: Object.spec.initContainers.securityContext.capabilities{drop: ['ALL']},
  seccompProfile: Object.spec.initContainers.securityContext.seccompProfile{type: 'RuntimeDefault'}},
{{- end }}

{{/* lameduck's variables, but for those that the container has itself. */}}
{{- define "lameduck-injector.env" -}}
+ [{'name': 'LAMEDUCK_POD_NAME', 'path': 'metadata.name'}, {'name': 'LAMEDUCK_POD_UID', 'path': 'metadata.uid'},
  {'name': 'LAMEDUCK_POD_NAMESPACE', 'path': 'metadata.namespace'}, {'name': 'LAMEDUCK_POD_IP', 'path': 'status.podIPs'}]
  .filter(f, !(f.name in variables.settled)).map(f, JSONPatch{op: 'add', path: {{ .path }} + '/env/-', value: Object.spec.{{ .type }}.env{
    name: f.name, valueFrom: Object.spec.{{ .type }}.env.valueFrom{fieldRef: Object.spec.{{ .type }}.env.valueFrom.fieldRef{fieldPath: f.path}}}})
+ variables.env.map(v, JSONPatch{op: 'add', path: {{ .path }} + '/env/-', value: Object.spec.{{ .type }}.env{name: v.name, value: v.value}})
{{- end }}

{{/* An item in an annotation that is a list with commas. `key` and `item` are expressions. */}}
{{- define "lameduck-injector.listed" -}}
(variables.annotations[?{{ .key }}].orValue('').split(',').exists(i, i.trim() == {{ .item }}) ? []
: [JSONPatch{op: 'add', path: '/metadata/annotations/' + jsonpatch.escapeKey({{ .key }}),
  value: variables.annotations[?{{ .key }}].orValue('') == '' ? {{ .item }} : variables.annotations[{{ .key }}] + ',' + {{ .item }}}])
{{- end }}
