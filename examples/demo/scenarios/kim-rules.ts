/** What several scenarios of the kim shop configure. */
export const SERVICES = {
  file: 'kim-shop/kim-shop.yaml',
  says: 'the Services and Deployments; kim-payment-service has the versions 1.0-SNAPSHOT and 2.0-SNAPSHOT',
};

export const SUBSETS = { file: 'seeds/kim/kim-destination-rule-all.yaml', says: 'subsets v1 and v2, by the label version' };

/** What the walk-through's `curl` prints for cheng, the blank before the closing quote included. */
export const GREETING_V1 = 'Hello v1, cheng!, id: 1 ';
export const GREETING_V2 = 'Hello v2, cheng!, id: 1 email: cheng@163.com';
