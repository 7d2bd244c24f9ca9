{{- define "fewshot.name" -}}
{{- printf "%s-fewshot" .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "fewshot.selector" -}}
app.kubernetes.io/name: fewshot-cluster
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "fewshot.labels" -}}
{{ include "fewshot.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}
