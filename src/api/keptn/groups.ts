/** The API groups that Sluice serves: those of Keptn, and its own. */
export const lifecycleGroup = 'lifecycle.keptn.sh';
export const metricsGroup = 'metrics.keptn.sh';
export const optionsGroup = 'options.keptn.sh';
export const sluiceGroup = 'sluice.keptn.sh';
