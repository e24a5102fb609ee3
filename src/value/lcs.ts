/**
 * The longest common subsequence of two strings, and the ranges in which they match.
 *
 * The usual table of lengths, walked backwards. Which of several equally long subsequences is
 * found, and how matching ranges are cut, is Redis's choice (t_string.c, lcsCommand): when both
 * neighbours are equally good, the walk goes back in the second string; a range ends where either
 * string's first byte is reached, even if the walk could go on.
 */

export interface Match {
  readonly startA: number;
  readonly startB: number;
  readonly size: number;
}

export interface CommonSubsequence {
  readonly bytes: Uint8Array;
  /** Last first, as the walk finds them. */
  readonly matches: readonly Match[];
}

/** Takes 4 bytes of memory for each pair of positions: the caller bounds it. */
export function longestCommonSubsequence(a: Uint8Array, b: Uint8Array): CommonSubsequence {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const at = i * width + j;
      if (a[i - 1] === b[j - 1]) lengths[at] = lengths[at - width - 1] + 1;
      else lengths[at] = Math.max(lengths[at - width], lengths[at - 1]);
    }
  }

  let left = lengths[a.length * width + b.length];
  const bytes = new Uint8Array(left);
  const matches: Match[] = [];
  let startA = -1;
  let startB = -1;
  let size = 0;
  const end = (): void => {
    if (size > 0) matches.push({ startA, startB, size });
    size = 0;
  };
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) {
      bytes[--left] = a[i - 1];
      if (size > 0 && startA === i && startB === j) {
        startA--;
        startB--;
        size++;
      } else {
        end();
        startA = i - 1;
        startB = j - 1;
        size = 1;
      }
      if (startA === 0 || startB === 0) end();
      i--;
      j--;
    } else {
      if (lengths[(i - 1) * width + j] > lengths[i * width + j - 1]) i--;
      else j--;
      end();
    }
  }
  return { bytes, matches };
}
