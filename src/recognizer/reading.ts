/**
 * How answers about other people's pictures are read.
 *
 * @module
 */
import { describeModel, type FerModel, type Reading } from "../model/description.ts";
import { readingOf } from "../model/reading.ts";

/** How the answers of a network that learned FER+'s votes too are read: faces come from anywhere. */
const FOR_ANY_FACES: Reading = { labels: "both", priors: "uniform" };

/**
 * How a network's answers are read where faces come from anywhere, unless it or the options say
 * otherwise.
 *
 * @param network The network.
 * @param options What the caller wants.
 * @throws {TypeError} When the network has no output for the labels, or does not know its shares.
 * @throws {RangeError} When there are no such labels, or priors are not one number above 0 a class.
 */
export function readingForAnyFaces(network: FerModel, { labels, priors }: Reading): Reading {
  const { ferPlus, reading } = describeModel(network);
  const wanted = {
    ...(ferPlus && FOR_ANY_FACES),
    ...reading,
    ...(labels !== undefined && { labels }),
    ...(priors !== undefined && { priors }),
  };
  readingOf(network, wanted);
  return wanted;
}
