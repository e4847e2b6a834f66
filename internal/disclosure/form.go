package disclosure

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"zhilu.dev/zhilu/internal/viewing"
)

// format is docs/formats/disclosure-package-v1.md.
const format = "zhilu-disclosure-package/v1"

// The forms of that text, their members in the order in which they are written.
type (
	manifest struct {
		Format    string      `json:"format"`
		ID        string      `json:"id"`
		No        string      `json:"no"`
		Origin    string      `json:"origin"`
		Bureau    string      `json:"bureau"`
		MadeAt    string      `json:"made_at"`
		MadeBy    maker       `json:"made_by"`
		Manner    string      `json:"manner"`
		Request   request     `json:"request"`
		Recipient recipient   `json:"recipient"`
		Purpose   string      `json:"purpose"`
		Words     string      `json:"words"`
		Case      caseOf      `json:"case"`
		Items     []itemShown `json:"items"`
		Files     []listed    `json:"files"`
	}
	maker struct {
		Account string `json:"account"`
		Person  string `json:"person"`
		Name    string `json:"name"`
	}
	request struct {
		ID         string `json:"id"`
		No         int64  `json:"no"`
		ApprovedBy string `json:"approved_by"`
		ApprovedAt string `json:"approved_at"`
		Words      string `json:"words"`
	}
	recipient struct {
		Body   string `json:"body"`
		Person string `json:"person"`
		Basis  string `json:"basis"`
	}
	caseOf struct {
		ID    string `json:"id"`
		No    string `json:"no"`
		Title string `json:"title"`
	}
	itemShown struct {
		N         int         `json:"n"`
		Recording string      `json:"recording"`
		Title     string      `json:"title"`
		Kind      string      `json:"kind"` // original, clip or masked
		FromMS    int64       `json:"from_ms"`
		ToMS      int64       `json:"to_ms"` // 0: to its end
		Files     []fileShown `json:"files"`
		Statement string      `json:"statement"`            // of a copy; "" of an original
		Written   string      `json:"transcript,omitempty"` // the written text of a copy's sound, where one goes with it
	}
	fileShown struct {
		Name    string `json:"name"`
		File    string `json:"file"`    // id of an original's file; "" of a copy's
		Called  string `json:"called"`  // as the camera called it
		Size    int64  `json:"size"`    // as listed
		SHA256  string `json:"sha256"`  // as listed
		Receipt string `json:"receipt"` // of an original's file, where the house has one
	}
	listed struct {
		Name   string `json:"name"`
		Size   int64  `json:"size"`
		SHA256 string `json:"sha256"`
	}
)

// When is a time in the form of our outside files, "" for none.
func When(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// purposes puts a purpose into the words of the statement, which is in Chinese whoever asks.
var purposes = map[viewing.Purpose]string{
	viewing.PurposeRecord: "核对笔录与现场情况", viewing.PurposeReview: "法制审核", viewing.PurposeReply: "复议、诉讼答复", viewing.PurposePetition: "处理投诉、信访",
	viewing.PurposeCheck: "执法监督检查", viewing.PurposeTraining: "业务培训", viewing.PurposeOther: "其他",
}
