/** What a sorted set must do, said with an array kept in order. Members are latin1 texts. */

export interface ModelElement {
  member: string;
  score: number;
}

export class SortedSetModel {
  elements: ModelElement[] = [];

  find(member: string): ModelElement | undefined {
    return this.elements.find((element) => element.member === member);
  }

  set(member: string, score: number): void {
    this.remove(member);
    this.elements.push({ member, score });
    this.elements.sort((a, b) => compare(a.score, b.score) || (a.member < b.member ? -1 : 1));
  }

  remove(member: string): boolean {
    const at = this.rank(member);
    if (at >= 0) this.elements.splice(at, 1);
    return at >= 0;
  }

  rank(member: string): number {
    return this.elements.findIndex((element) => element.member === member);
  }

  countBelowScore(limit: number, orEqual: boolean): number {
    return this.elements.filter(({ score }) => score < limit || (orEqual && score === limit))
      .length;
  }
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
