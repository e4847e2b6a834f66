import { DetailedError, Upload } from "tus-js-client/lib.esm/browser/index.js";
import { kept } from "./kept";
import type { Picked } from "./pick";

export type State = "waiting" | "hashing" | "ready" | "sending" | "sealing" | "done" | "duplicate" | "received" | "left" | "failed";

/** What the server says of a failure: the words of its problem document, or what else it wrote. */
function said(body: string): string {
  try {
    const doc = JSON.parse(body) as { detail?: string; kept?: string; do?: string };
    return [doc.detail, doc.kept, doc.do].filter(Boolean).join(" ");
  } catch {
    return body.trim().slice(0, 300);
  }
}

/** The state of one file on its way. */
export class Transfer {
  state: State = "waiting";
  hashed = 0;
  sent = 0;
  reason = ""; // key of a word, when failed
  detail = ""; // what the server said
  sha256 = "";
  url = "";
  retryable = true;
  private upload?: Upload;

  constructor(
    readonly id: number,
    readonly picked: Picked,
    public card: string,
    private handed = "",
  ) {
    const before = kept.find(this.mark());
    if (before) {
      this.sha256 = before.sha256;
      this.url = before.url;
      this.card = before.card;
      this.state = "ready";
    }
  }

  get size(): number {
    return this.picked.file.size;
  }

  mark(): { path: string; size: number; modified: number } {
    return { path: this.picked.path, size: this.picked.file.size, modified: this.picked.file.lastModified };
  }

  /** Sends the file, from where it stopped if it was begun before. changed is called on every step. */
  send(endpoint: string, changed: () => void): void {
    this.state = "sending";
    this.reason = this.detail = "";
    const file = this.picked.file;
    const metadata: Record<string, string> = {
      filename: file.name,
      relativepath: this.picked.path,
      lastmodified: new Date(file.lastModified).toISOString(),
      sha256: this.sha256,
    };
    if (this.card) metadata.cardid = this.card;
    if (this.handed) metadata.handed = this.handed;
    this.upload = new Upload(file, {
      endpoint,
      uploadUrl: this.url || null,
      metadata,
      headers: { "Accept-Language": document.documentElement.lang },
      chunkSize: 64 << 20,
      retryDelays: [0, 1000, 3000, 5000, 10000, 20000, 30000, 60000, 60000, 60000],
      storeFingerprintForResuming: false,
      removeFingerprintOnSuccess: false,
      onUploadUrlAvailable: () => {
        this.url = this.upload?.url || "";
        kept.put({ ...this.mark(), url: this.url, sha256: this.sha256, card: this.card });
        changed();
      },
      onProgress: (sent: number) => {
        this.sent = sent;
        if (sent === this.size) this.state = "sealing";
        changed();
      },
      onShouldRetry: (err: DetailedError) => {
        const status = err.originalResponse?.getStatus() || 0;
        this.state = "sending"; // all may have left the browser without having arrived
        return status === 0 || status === 408 || status === 409 || status === 423 || status === 429 || (status >= 500 && status !== 507);
      },
      onSuccess: (p: { lastResponse?: { getHeader(name: string): string | undefined } }) => {
        const said = p?.lastResponse?.getHeader("Zhilu-Status") || "";
        this.state = said === "sealed" ? "done" : said === "duplicate" ? "duplicate" : said === "left" ? "left" : "received";
        this.sent = this.size;
        kept.drop(this.mark());
        changed();
      },
      onError: (err: Error | DetailedError) => {
        this.fail(err);
        changed();
      },
    });
    this.upload.start();
    changed();
  }

  private fail(err: Error | DetailedError): void {
    this.state = "failed";
    const res = (err as DetailedError).originalResponse;
    const status = res?.getStatus() || 0;
    this.detail = said(res?.getBody() || "") || (status ? String(status) : "");
    if (status === 0) this.reason = (err as DetailedError).originalRequest ? "upload.err_network" : "upload.err_read";
    else if (status === 401) this.reason = "upload.err_signin";
    else if (status === 507) this.reason = "upload.err_full";
    else if (status === 460) this.reason = "upload.err_digest";
    else this.reason = "upload.err_server";
    if (status === 404 || status === 410 || status === 460) {
      kept.drop(this.mark()); // next time from the beginning
      this.url = "";
      this.sent = 0;
    }
  }

  /** Stops sending; what was sent stays on the server. */
  pause(): void {
    if (this.state !== "sending" && this.state !== "sealing") return;
    void this.upload?.abort();
    this.state = "ready";
  }

  get active(): boolean {
    return this.state === "sending" || this.state === "sealing" || this.state === "hashing";
  }

  get finished(): boolean {
    return this.state === "done" || this.state === "duplicate" || this.state === "received" || this.state === "left";
  }
}
