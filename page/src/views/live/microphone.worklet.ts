/** Runs on the audio thread: hands on the samples of the microphone, the mean of its channels, in blocks. */

declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: unknown): void;

class Microphone extends AudioWorkletProcessor {
  private block = new Float32Array(Math.round(sampleRate / 20));
  private filled = 0;

  process([channels]: Float32Array[][]): boolean {
    const count = channels?.length ?? 0;
    const length = channels?.[0]?.length ?? 0;
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let k = 0; k < count; k++) sum += channels![k]![i]!;
      this.block[this.filled++] = sum / count;
      if (this.filled === this.block.length) {
        this.port.postMessage(this.block, [this.block.buffer]);
        this.block = new Float32Array(Math.round(sampleRate / 20));
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("microphone", Microphone);
