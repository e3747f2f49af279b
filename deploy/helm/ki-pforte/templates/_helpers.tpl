{{- define "ki-pforte.selector" -}}
app.kubernetes.io/name: ki-pforte
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* Was Anfragen bedient; der Job der Aktualisierung gehört nicht dazu. */ -}}
{{- define "ki-pforte.serving" -}}
{{ include "ki-pforte.selector" . }}
app.kubernetes.io/component: serve
{{- end }}

{{- define "ki-pforte.labels" -}}
{{ include "ki-pforte.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "ki-pforte.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}

{{- define "ki-pforte.claim" -}}
{{- if .Values.home.existingClaim -}}
{{ .Values.home.existingClaim }}
{{- else -}}
{{ .Release.Name }}-home
{{- end }}
{{- end }}

{{- define "ki-pforte.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "ki-pforte.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "ki-pforte.environment" -}}
env:
  - name: KI_PFORTE_WORKERS
    value: {{ .Values.workers | quote }}
  - name: KI_PFORTE_METRICS_PORT
    value: {{ .Values.metrics.port | quote }}
  - name: KI_PFORTE_TRUSTED_PROXIES
    value: {{ .Values.trustedProxies | quote }}
  - name: KI_PFORTE_DATABASE_URL
    valueFrom:
      secretKeyRef: {name: {{ .Values.secrets.database }}, key: url}
  - name: KI_PFORTE_AUDIT_DATABASE_URL
    valueFrom:
      secretKeyRef: {name: {{ .Values.secrets.database }}, key: audit-url}
{{- if .Values.secrets.redis }}
  - name: KI_PFORTE_REDIS_URL
    valueFrom:
      secretKeyRef: {name: {{ .Values.secrets.redis }}, key: url}
{{- end }}
{{- if .Values.secrets.metrics }}
  - name: KI_PFORTE_METRICS_TOKEN
    valueFrom:
      secretKeyRef: {name: {{ .Values.secrets.metrics }}, key: token}
{{- end }}
{{- if .Values.policies }}
  - name: KI_PFORTE_POLICIES
    value: /etc/ki-pforte/policies
{{- end }}
{{- range $name, $value := .Values.settings }}
  - name: {{ $name }}
{{- if kindIs "string" $value }}
    value: {{ $value | quote }}
{{- else }}
{{- /* Über JSON: „quote“ allein schriebe eine Million als 1e+06. */}}
    value: {{ $value | toJson | quote }}
{{- end }}
{{- end }}
{{- if .Values.secrets.providers }}
envFrom:
  - secretRef:
      name: {{ .Values.secrets.providers }}
{{- end }}
{{- end }}

{{- define "ki-pforte.mounts" -}}
- name: home
  mountPath: /var/lib/ki-pforte
- name: tmp
  mountPath: /tmp
{{- if .Values.policies }}
- name: policies
  mountPath: /etc/ki-pforte/policies
{{- end }}
{{- end }}

{{- define "ki-pforte.volumes" -}}
- name: home
  persistentVolumeClaim:
    claimName: {{ include "ki-pforte.claim" . }}
- name: tmp
  emptyDir:
    medium: Memory
    sizeLimit: 64Mi
{{- if .Values.policies }}
- name: policies
  {{- toYaml .Values.policies | nindent 2 }}
{{- end }}
{{- end }}
