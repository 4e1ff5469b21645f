/** What was dropped or chosen, as files with the paths they had: folders are walked, junk is left. */

export interface Found {
  file: File;
  /** Within what was dropped: `folder/talk.mp4`. */
  path: string;
}

const JUNK = /(^|\/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(\/|$)/i;

/** Whether a path is one that systems leave in folders, and nobody wants measured. */
export function isJunk(path: string): boolean {
  return JUNK.test(path);
}

/** All files of a drop. Entries must be taken before the event ends, which is why this begins at once. */
export async function dropped(transfer: DataTransfer): Promise<Found[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = await Promise.all(
    entries.map(async (entry) => {
      if (entry instanceof File) return [{ file: entry, path: entry.name }];
      return entry ? walked(entry) : [];
    }),
  );
  return found.flat().filter(({ path }) => !isJunk(path));
}

/** All files of an `<input type="file">`, of a folder with their paths in it. */
export function picked(files: FileList | null): Found[] {
  return [...(files ?? [])]
    .map((file) => ({ file, path: file.webkitRelativePath || file.name }))
    .filter(({ path }) => !isJunk(path));
}

async function walked(entry: FileSystemEntry): Promise<Found[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ file, path }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Found[] = [];
  for (;;) {
    // a reader gives a hundred entries at a time, and none when there are no more
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const one of some) found.push(...(await walked(one)));
  }
}

/** Seconds of a film or sound that this browser can open; null for anything else. */
export function duration(file: Blob): Promise<number | null> {
  if (!/^(audio|video)\//.test(file.type)) return Promise.resolve(null);
  return new Promise((resolve) => {
    const player = document.createElement("video");
    const address = URL.createObjectURL(file);
    const done = (seconds: number) => {
      URL.revokeObjectURL(address);
      player.removeAttribute("src");
      resolve(Number.isFinite(seconds) && seconds > 0 ? seconds : null);
    };
    player.preload = "metadata";
    player.onloadedmetadata = () => done(player.duration);
    player.onerror = () => done(Number.NaN);
    player.src = address;
  });
}
