import { AppError } from '../errors.js';

export function missingBase(engine: string, reference: string, tail: readonly string[]): AppError {
  return new AppError('base-image-missing', `${engine} has no image ${reference} and cannot pull it`, {
    todo: 'Check the reference and the registry, or use --base-image bootstrap, --base-image scratch or --base-rootfs.',
    detail: tail.slice(-10).join('\n').slice(-2000),
  });
}
