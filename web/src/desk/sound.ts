// Short tones: two for danger, a soft one for a message. Browsers allow sound only after the page was touched once.

let context: AudioContext | undefined;

/** To be called from a click or a key. */
export function allowSound(): void {
  context ??= new AudioContext();
  void context.resume();
}

export function soundAllowed(): boolean {
  return context?.state === 'running';
}

export function alarm(): void {
  play([[0, 880], [0.22, 660]], 0.25);
}

export function chime(): void {
  play([[0, 523]], 0.08);
}

/** Tones as (start in s, frequency in Hz), at a volume from 0 to 1. */
function play(tones: readonly (readonly [number, number])[], loud: number): void {
  if (!context || context.state !== 'running') return;
  for (const [at, frequency] of tones) {
    const start = context.currentTime + at;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(loud, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.2);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.21);
  }
}
