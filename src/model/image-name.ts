/** `vm2docker/NAME` of a machine. */
export function machineImage(machine: { readonly slug: string }): string {
  return `vm2docker/${imageName(machine.slug)}`;
}

/** A slug as a component of an image name: single separators, none at the ends (distribution reference grammar). */
function imageName(slug: string): string {
  return (
    slug
      .replace(/^[._-]+|[._-]+$/g, '')
      .replace(/[._-]*\.[._-]*/g, '.')
      .replace(/_{3,}/g, '__') || 'vm'
  );
}
