/** What cannot be done, told to the person who asked for it. */

/** Something that cannot be done here: why, and what would help. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(why: string, cure = '') {
    super(cure === '' ? why : `${why} ${cure}`);
  }
}
