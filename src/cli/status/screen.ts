import { lists } from '../../domain/phase/newest-app-version.ts';
import { changesBetween } from './changes.ts';
import { type Caption, frame } from './frame.ts';
import { emptyScene, isAtRest, isHeld, type Scene } from './scene.ts';

/** Where a roll-out is shown. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** A reader of plain lines wants to know that something still goes on. */
const silenceMs = 5_000;

/**
 * Shows a roll-out: in a terminal the scene is painted in place and painted again as it changes; elsewhere each change is a
 * plain line. What is said (`say`) stays.
 */
export class Screen {
  readonly #output: Output;
  readonly #inColor: boolean;
  readonly #startedAt = Date.now();
  #painted: readonly string[] = [];
  #shown: Scene = emptyScene;
  #saidAt = Date.now();

  constructor(output: Output, inColor: boolean) {
    this.#output = output;
    this.#inColor = inColor;
  }

  get inColor(): boolean {
    return this.#inColor;
  }

  /** A line that stays. */
  say(line: string): void {
    this.#saidAt = Date.now();
    this.#wipe();
    this.#output.write(this.#isLive() ? `${line}\n` : `${this.#time()}  ${line}\n`);
    this.#repaint();
  }

  /** Text that stays, as it is. */
  sayAsIs(text: string): void {
    this.#wipe();
    this.#output.write(`${text}\n`);
    this.#repaint();
  }

  /** The scene as it is now. */
  show(scene: Scene, caption: Pick<Caption, 'title' | 'why'>): void {
    if (!this.#isLive()) {
      const lines = changesBetween(this.#shown, scene);
      for (const line of lines) this.say(line);
      if (lines.length === 0 && Date.now() - this.#saidAt > silenceMs) this.say(stillnessOf(scene));
      this.#shown = scene;
      return;
    }
    const { columns = 100, rows = 40 } = this.#output;
    const lines = frame(scene, {
      ...caption,
      elapsedMs: Date.now() - this.#startedAt,
      columns: columns - 1,
      // What is taller than the terminal could not be wiped again.
      rows: rows - 2,
      inColor: this.#inColor,
    });
    this.#wipe();
    this.#painted = lines.slice(0, rows - 2);
    this.#repaint();
  }

  /** Leaves what is painted where it is; what follows comes below it. */
  keep(): void {
    if (this.#painted.length > 0) this.#output.write('\n');
    this.#painted = [];
  }

  #isLive(): boolean {
    return this.#output.isTTY === true;
  }

  #time(): string {
    return `${((Date.now() - this.#startedAt) / 1000).toFixed(1)} s`.padStart(8);
  }

  #wipe(): void {
    if (this.#painted.length > 0) this.#output.write(`\u001B[${this.#painted.length}F\u001B[J`);
  }

  #repaint(): void {
    if (this.#painted.length > 0) this.#output.write(`${this.#painted.join('\n')}\n`);
  }
}

/** What there is to wait for while nothing changes. */
function stillnessOf({ pods, appVersions, workloadVersions }: Scene): string {
  const held = `… ${pods.filter(isHeld).length} Pods held`;
  const unlisted = workloadVersions.filter(
    (version) => !appVersions.some((app) => lists(app, version)),
  );
  if (appVersions.length === 0 || unlisted.length > 0) {
    return `${held} while the workloads of the application are gathered`;
  }
  const open = [...workloadVersions, ...appVersions].find((version) => !isAtRest(version));
  return open === undefined ? held : `${held}; ${open.metadata.name} is not through yet`;
}
