package ui

// UploadView is the part of a page that takes files in.
type UploadView struct {
	Endpoint string // where tus listens: "/upload/"
	Handed   string // id of what the files are handed in for by somebody else; empty for the bureau's own
	Card     string // id of the card the files belong to; empty: every choice of files gets one of its own
}

// uploadWords are the texts that the upload's script shows, beside those of every page.
var uploadWords = []string{
	"upload.waiting", "upload.hashing", "upload.sending", "upload.sealing", "upload.paused", "upload.received", "upload.done",
	"upload.duplicate", "upload.left_on_card", "upload.failed", "upload.pause", "upload.resume", "upload.retry", "upload.remove",
	"upload.repick_note", "upload.total", "upload.rate", "upload.all_done", "upload.some_failed", "upload.net_lost",
	"upload.err_read", "upload.err_server", "upload.err_signin", "upload.err_full", "upload.err_digest", "upload.err_network",
	"upload.leave",
}
