/** The API groups of Keptn that Sluice serves. */
export const lifecycleGroup = 'lifecycle.keptn.sh';
export const metricsGroup = 'metrics.keptn.sh';
export const optionsGroup = 'options.keptn.sh';
