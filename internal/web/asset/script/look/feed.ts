import Hls from "hls.js/dist/hls.light.mjs";
import type { ErrorData } from "hls.js";

// How much is fetched ahead of and kept behind what is seen. Little: what was taken back must not play on from a buffer.
const ahead = 8;
const behind = 24;

/** Feed brings the segments of a look into a video element, and takes them out again at once when it is stopped. */
export class Feed {
  private hls: Hls | undefined;
  private timer: number | undefined;
  private tries = 0;

  /** first is where the list of segments begins on the recording's time line. */
  constructor(readonly video: HTMLVideoElement, private readonly url: string, readonly first: number, private readonly trouble: (fatal: boolean) => void) {
    if (Hls.isSupported()) {
      const hls = new Hls({
        enableWorker: false, // a worker would have to be made from a blob
        maxBufferLength: ahead, maxMaxBufferLength: ahead + 2, backBufferLength: behind, maxBufferHole: 0.3,
        fragLoadPolicy: { default: { maxTimeToFirstByteMs: 40_000, maxLoadTimeMs: 60_000, timeoutRetry: null, errorRetry: null } },
      });
      hls.on(Hls.Events.ERROR, (_, data) => this.failed(data));
      hls.on(Hls.Events.FRAG_BUFFERED, () => (this.tries = 0));
      hls.loadSource(url);
      hls.attachMedia(video);
      this.hls = hls;
    } else if (video.canPlayType("application/vnd.apple.mpegurl")) {
      video.src = url; // Safari on a phone
      video.addEventListener("error", () => trouble(true));
    } else {
      trouble(true);
    }
  }

  private failed(data: ErrorData): void {
    if (!data.fatal || !this.hls) return;
    this.trouble(this.tries > 3);
    if (this.tries++ > 3) return;
    const hls = this.hls;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      if (hls !== this.hls) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
      else hls.startLoad();
    }, 800 * this.tries);
  }

  /** The moment that is seen, on the recording's time line. */
  get at(): number {
    return this.first + this.video.currentTime * 1000;
  }

  set at(ms: number) {
    this.video.currentTime = Math.max(0, (ms - this.first) / 1000);
  }

  /** Stops for good: nothing is fetched any more, the buffer is empty, the element shows nothing. */
  stop(): void {
    clearTimeout(this.timer);
    const hls = this.hls;
    this.hls = undefined;
    this.video.pause();
    hls?.destroy();
    this.video.removeAttribute("src");
    this.video.load();
    this.video.hidden = true;
  }
}
