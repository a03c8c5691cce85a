import type { Service } from '../../model/services.js';
import type { FoundService, ServiceContext } from './context.js';

export function decideRole(
  _service: FoundService,
  _context: ServiceContext,
): { role: Service['role']; reason: string } {
  return { role: 'application', reason: 'todo' };
}
