import { AppError } from '../../errors.js';

/** After opening, whatever goes wrong is a failure to read: there is no way back to the other reader. */
export async function readingOf<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'native-declined') throw error;
    throw new AppError('guest-read-failed', error.message, { todo: error.todo, cause: error });
  }
}
