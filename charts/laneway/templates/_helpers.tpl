{{/* The name of everything that belongs to the operator: the release's. Two releases can't meet in one namespace. */}}
{{- define "laneway.name" -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of cluster-wide objects. */}}
{{- define "laneway.clusterName" -}}
{{- printf "%s:%s" .Release.Namespace (include "laneway.name" .) -}}
{{- end -}}

{{/* Namespace and name of the Lease. That of an operator of all namespaces is where every other one looks for it too: two
would write over each other. */}}
{{- define "laneway.lease" -}}
{{- .Values.watch.namespaces | empty | ternary "kube-system/laneway-operator" (printf "%s/%s" .Release.Namespace (include "laneway.name" .)) -}}
{{- end -}}

{{- define "laneway.serviceAccountName" -}}
{{- if not (or .Values.serviceAccount.create .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.name is needed where the chart doesn't make one (serviceAccount.create: false)" -}}
{{- end -}}
{{- .Values.serviceAccount.name | default (include "laneway.name" .) -}}
{{- end -}}

{{- define "laneway.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Of every object; the chart's own can't be overridden. */}}
{{- define "laneway.labels" -}}
{{ merge (include "laneway.ownLabels" . | fromYaml) .Values.commonLabels | toYaml }}
{{- end -}}

{{- define "laneway.ownLabels" -}}
{{ include "laneway.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "laneway.podLabels" -}}
{{ merge (include "laneway.ownLabels" . | fromYaml) .Values.podLabels .Values.commonLabels | toYaml }}
{{- end -}}

{{- define "laneway.podAnnotations" -}}
{{- $own := dict "kubectl.kubernetes.io/default-container" "operator" -}}
{{ merge $own .Values.podAnnotations | toYaml }}
{{- end -}}

{{/* An image's reference, from (root, image): a digest wins over one in the tag. */}}
{{- define "laneway.image" -}}
{{- $root := index . 0 }}{{ $image := index . 1 -}}
{{- $tag := $image.tag | default $root.Chart.AppVersion -}}
{{- with $image.digest -}}
{{- $tag = printf "%s@%s" (regexReplaceAll "@.*" $tag "") . -}}
{{- end -}}
{{- printf "%s:%s" $image.repository $tag -}}
{{- end -}}

{{/* What the operator reads as its engines. */}}
{{- define "laneway.engines" -}}
{{- if not (hasKey .Values.engines .Values.defaultEngine) -}}
{{- fail (printf "defaultEngine should be one of engines (%s), not %s" (keys .Values.engines | sortAlpha | join ", ") .Values.defaultEngine) -}}
{{- end -}}
{{ dict "engines" .Values.engines "defaultEngine" .Values.defaultEngine | toJson }}
{{- end -}}

{{/* Constraints without a selector count the operator's own pods. */}}
{{- define "laneway.topologySpread" -}}
{{- $own := dict "labelSelector" (dict "matchLabels" (include "laneway.selector" . | fromYaml)) -}}
{{- $found := list -}}
{{- range .Values.topologySpreadConstraints -}}
{{- $found = append $found (hasKey . "labelSelector" | ternary . (merge (dict) $own .)) -}}
{{- end -}}
{{ toYaml $found }}
{{- end -}}

{{/* The port of a URL without a path. */}}
{{- define "laneway.port" -}}
{{- $port := regexFind ":[0-9]+/?$" . | trimAll ":/" -}}
{{- $port | default (hasPrefix "https:" . | ternary "443" "80") -}}
{{- end -}}

{{/* What belongs to the dashboard. Its pods have another name than the operator's, whose selectors know no component. */}}
{{- define "laneway.dashboardName" -}}
{{- include "laneway.name" . }}-dashboard
{{- end -}}

{{- define "laneway.dashboardSelector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}-dashboard
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "laneway.dashboardLabels" -}}
{{- $own := merge (include "laneway.dashboardSelector" . | fromYaml) (dict "app.kubernetes.io/component" "dashboard") -}}
{{ merge $own (include "laneway.labels" . | fromYaml) | toYaml }}
{{- end -}}

{{/* What operator and dashboard reach, as rules of a NetworkPolicy. */}}
{{- define "laneway.egress" -}}
- ports:                            # DNS
  - {port: 53, protocol: UDP}
  - {port: 53, protocol: TCP}
  to:
  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
    podSelector: {matchLabels: {k8s-app: kube-dns}}
  {{- range .Values.poolEgress.dnsAddresses }}
  - ipBlock: {cidr: {{ . | quote }}}
  {{- end }}
- ports:                            # the API server, behind its Service and as it listens; AWS
  - {port: 443, protocol: TCP}
  - {port: 6443, protocol: TCP}
- ports:                            # EKS Pod Identity's agent
  - {port: 80, protocol: TCP}
  to:
  - ipBlock: {cidr: 169.254.170.23/32}
  - ipBlock: {cidr: "fd00:ec2::23/128"}
{{- with .Values.emulator.endpoint }}
- ports:                            # AWS stood in for
  - {port: {{ include "laneway.port" . }}, protocol: TCP}
{{- end }}
{{- end -}}

{{/* For CEL: or the variable `e` is one of poolEnv's or caBundle's, with its value. Another value would lead a pod elsewhere. */}}
{{- define "laneway.poolEnvAsGiven" -}}
{{- range $name, $value := .Values.poolEnv }}
|| (e.name == '{{ $name }}' && e.?value.orValue('') == {{ $value | toJson }})
{{- end }}
{{- if .Values.caBundle.configMapName }}
|| (e.name in ['AWS_CA_BUNDLE', 'SSL_CERT_FILE'] && e.?value.orValue('') == '/etc/laneway-trust/ca.pem')
{{- end }}
{{- end }}

{{/* Authorities of caBundle, as the operator has them in pools (laneway_operator.render.pods): variables, mount, volume. */}}
{{- define "laneway.trustEnv" -}}
- {name: AWS_CA_BUNDLE, value: /etc/laneway-trust/ca.pem}
- {name: SSL_CERT_FILE, value: /etc/laneway-trust/ca.pem}
{{- end -}}

{{- define "laneway.trustMount" -}}
- {name: trust, mountPath: /etc/laneway-trust, readOnly: true}
{{- end -}}

{{- define "laneway.trustVolume" -}}
- name: trust
  configMap: {name: {{ .Values.caBundle.configMapName | quote }}, items: [{key: {{ .Values.caBundle.key | quote }}, path: ca.pem}]}
{{- end -}}

{{/* For CEL: or the volume `v` is caBundle's, and no other part of that ConfigMap. */}}
{{- define "laneway.trustVolumeAsGiven" -}}
{{- if .Values.caBundle.configMapName -}}
|| (v.name == 'trust' && v.?configMap.?name.orValue('') == '{{ .Values.caBundle.configMapName }}' && v.?configMap.?items.orValue([]).size() == 1 && v.?configMap.?items.orValue([]).all(i, i.key == '{{ .Values.caBundle.key }}' && i.path == 'ca.pem'))
{{- end -}}
{{- end -}}

{{/* For CEL: or the mount `m` is where it belongs, and of that volume. */}}
{{- define "laneway.trustMountAsGiven" -}}
{{- if .Values.caBundle.configMapName -}}
|| (m.mountPath == '/etc/laneway-trust' && m.name == 'trust' && !has(m.subPath) && variables.pod.volumes.exists(v, false {{ include "laneway.trustVolumeAsGiven" . }}))
{{- end -}}
{{- end -}}

{{/* PromQL: by how much each series of a counter rose in a while. A worker from zero shows what it counts first as a series that begins at 1, which `increase` doesn't count. */}}
{{- define "laneway.risen" -}}
{{- $series := index . 0 }}{{ $while := index . 1 -}}
(max_over_time({{ $series }}[{{ $while }}]) unless {{ $series }} offset {{ $while }}) or increase({{ $series }}[{{ $while }}])
{{- end -}}
