/** A style sheet, as text: the build puts it in place. */
declare module '*.css' {
  const text: string;
  export default text;
}
