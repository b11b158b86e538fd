// Notices of the system while the desk is not looked at. They never hold a word of a message or a name: others may
// see the screen.

export type Permission = 'missing' | 'ask' | 'granted' | 'denied';

export function permission(): Permission {
  if (typeof Notification === 'undefined') return 'missing';
  return Notification.permission === 'default' ? 'ask' : Notification.permission;
}

/** To be called from a click. */
export async function askPermission(): Promise<void> {
  if (permission() === 'ask') await Notification.requestPermission();
}

/** Shows `text` unless the desk is in view. A later notice with the same `tag` takes the place of the earlier. */
export function notify(text: string, tag: string, clicked: () => void): void {
  if (document.visibilityState === 'visible' && document.hasFocus()) return;
  if (permission() !== 'granted') return;
  try {
    const shown = new Notification('法询工作台', { body: text, tag: `faxun:${tag}` });
    shown.onclick = () => {
      window.focus();
      shown.close();
      clicked();
    };
  } catch {
    // Some phones only allow notices by a service worker; sound and title remain.
  }
}
