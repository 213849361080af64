/**
 * The inverse of the standard normal distribution.
 *
 * @module
 */

/** Evaluates a polynomial, its coefficients from the constant up. */
function polynomial(x: number, coefficients: readonly number[]): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

const CENTRE = [
  [
    3.3871328727963666080,
    133.14166789178437745,
    1971.5909503065514427,
    13731.693765509461125,
    45921.953931549871457,
    67265.770927008700853,
    33430.575583588128105,
    2509.0809287301226727,
  ],
  [
    1,
    42.313330701600911252,
    687.18700749205790830,
    5394.1960214247511077,
    21213.794301586595867,
    39307.895800092710610,
    28729.085735721942674,
    5226.4952788528545610,
  ],
] as const;

const SHOULDER = [
  [
    1.42343711074968357734,
    4.63033784615654529590,
    5.76949722146069140550,
    3.64784832476320460504,
    1.27045825245236838258,
    0.241780725177450611770,
    0.0227238449892691845833,
    0.000774545014278341407640,
  ],
  [
    1,
    2.05319162663775882187,
    1.67638483018380384940,
    0.689767334985100004550,
    0.148103976427480074590,
    0.0151986665636164571966,
    0.000547593808499534494600,
    1.05075007164441684324e-9,
  ],
] as const;

const TAIL = [
  [
    6.65790464350110377720,
    5.46378491116411436990,
    1.78482653991729133580,
    0.296560571828504891230,
    0.0265321895265761230930,
    0.00124266094738807843860,
    0.0000271155556874348757815,
    2.01033439929228813265e-7,
  ],
  [
    1,
    0.599832206555887937690,
    0.136929880922735805310,
    0.0148753612908506148525,
    0.000786869131145613259100,
    0.0000184631831751005468180,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
  ],
] as const;

/**
 * The value below which a standard normal variable lies with the given probability (algorithm
 * AS 241, PPND16; Wichura, 1988).
 *
 * @param probability Above 0 and below 1.
 * @returns The quantile, to about 16 digits.
 */
export function normalQuantile(probability: number): number {
  const q = probability - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return q * polynomial(r, CENTRE[0]) / polynomial(r, CENTRE[1]);
  }
  const r = Math.sqrt(-Math.log(q < 0 ? probability : 1 - probability));
  const [table, x] = r <= 5 ? [SHOULDER, r - 1.6] : [TAIL, r - 5];
  return Math.sign(q) * polynomial(x, table[0]) / polynomial(x, table[1]);
}
