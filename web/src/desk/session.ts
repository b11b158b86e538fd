// Signing in and out over HTTP.

import type { StaffRole } from '../wire';

export interface Who {
  staff: string;
  name: string;
  role: StaffRole;
}

const PATH = '/desk/session';

/** Undefined when nobody is signed in. Throws without a connection. */
export async function who(): Promise<Who | undefined> {
  const response = await fetch(PATH, { cache: 'no-store' });
  if (response.status === 401) return undefined;
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()) as Who;
}

/** A problem in words, or undefined when signed in. */
export async function signIn(name: string, password: string, code = ''): Promise<string | undefined> {
  try {
    const response = await fetch(PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, password, ...(code === '' ? {} : { code }) }),
    });
    if (response.ok) return undefined;
    const error = (await response.json()) as { message?: string };
    return error.message ?? '登录没有成功，请再试一次。';
  } catch {
    return '连不上服务器，请检查网络后再试。';
  }
}

export async function signOut(): Promise<void> {
  await fetch(PATH, { method: 'DELETE' });
}
