/** What a failed promotion task means for its application version (the open question of KEP 98). */
export const promotionFailurePolicies = ['Fail', 'Warn'] as const;

/** What a failed promotion task means for its application version. */
export type PromotionFailurePolicy = (typeof promotionFailurePolicies)[number];
