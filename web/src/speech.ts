// Reading aloud with the device's own voice, where it has one. One message at a time.

import type { Message } from './wire';
import { textOf } from './plain-text';

export class Speech {
  /** Seq of the message that is being read. */
  now: number | undefined;

  constructor(private readonly changed: () => void) {}

  static get possible(): boolean {
    return typeof speechSynthesis !== 'undefined' && typeof SpeechSynthesisUtterance !== 'undefined';
  }

  /** Reads a message, or stops when it is the one being read. */
  readonly toggle = (message: Message): void => {
    const stop = this.now === message.seq;
    this.stop();
    if (stop) return;
    const utterance = new SpeechSynthesisUtterance(textOf(message, true));
    utterance.lang = 'zh-CN';
    const voice = speechSynthesis.getVoices().find((v) => v.lang.replace('_', '-').toLowerCase().startsWith('zh'));
    if (voice) utterance.voice = voice;
    utterance.onend = utterance.onerror = () => {
      if (this.now !== message.seq) return;
      this.now = undefined;
      this.changed();
    };
    this.now = message.seq;
    speechSynthesis.speak(utterance);
    this.changed();
  };

  stop(): void {
    if (this.now === undefined) return;
    this.now = undefined;
    speechSynthesis.cancel();
    this.changed();
  }
}
