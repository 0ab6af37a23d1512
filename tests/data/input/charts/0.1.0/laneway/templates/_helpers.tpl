{{/* The name of everything that belongs to the operator: the release's. Two releases can't meet in one namespace. */}}
{{- define "laneway.name" -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of cluster-wide objects. */}}
{{- define "laneway.clusterName" -}}
{{- printf "%s:%s" .Release.Namespace (include "laneway.name" .) -}}
{{- end -}}

{{- define "laneway.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "laneway.labels" -}}
{{ include "laneway.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* An image's reference, from (root, image). */}}
{{- define "laneway.image" -}}
{{- $root := index . 0 }}{{ $image := index . 1 -}}
{{- printf "%s:%s" $image.repository ($image.tag | default $root.Chart.AppVersion) -}}
{{- end -}}

{{/* What the operator reads as its profiles. */}}
{{- define "laneway.profiles" -}}
{{ dict "placementProfiles" .Values.placementProfiles | toYaml }}
{{- end -}}
