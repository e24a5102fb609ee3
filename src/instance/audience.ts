/** The audience: whether anybody is told of every command that runs. One question at each. */

export class Audience {
  #count = 0;
  isPresent = false;

  /** Somebody wants to be told, or no longer. */
  count(isOne: boolean): void {
    this.#count += isOne ? 1 : -1;
    this.isPresent = this.#count > 0;
  }
}
