package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"

	"holdfast/gateway/web"
)

// Bounds of the picture of a plan.
const (
	// planPixels bounds what is decoded: 24 million take 96 MB of memory for a moment, one at a time.
	planPixels = 24_000_000
	// planSide is the longest side of what is kept, pixels.
	planSide = 2560
	// planBytes bounds what is kept of one.
	planBytes   = 3 << 20
	planQuality = 85
)

// planPicture makes of what somebody uploaded the picture that is kept: decoded here, at most planSide wide and high, and encoded anew, so
// that nothing of the file but its pixels ever reaches a browser (no metadata with the place and time of a photo, no second file behind
// the first). Drawings are kept as PNG where that is smaller, photos as JPEG.
func planPicture(data []byte) (mime string, out []byte, width, height int, err error) {
	conf, kind, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil || kind != "png" && kind != "jpeg":
		return "", nil, 0, 0, web.Rejected("image", "It is no PNG and no JPEG picture.")
	case conf.Width < 16 || conf.Height < 16:
		return "", nil, 0, 0, web.Rejected("image", "It is too small for a plan: 16 × 16 pixels at least.")
	case conf.Width > planPixels/conf.Height:
		return "", nil, 0, 0, web.Rejected("image", fmt.Sprintf("It has %d × %d pixels; %d million are taken. Make it smaller first.", conf.Width, conf.Height, planPixels/1_000_000))
	}
	full, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return "", nil, 0, 0, web.Rejected("image", "The picture is damaged: "+err.Error()+".")
	}
	small := shrunk(full, planSide)
	width, height = small.Rect.Dx(), small.Rect.Dy()
	var drawn, photo bytes.Buffer
	err = errors.Join((&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&drawn, small), jpeg.Encode(&photo, small, &jpeg.Options{Quality: planQuality}))
	if err != nil {
		return "", nil, 0, 0, fmt.Errorf("encode picture of plan: %w", err)
	}
	mime, out = "image/jpeg", photo.Bytes()
	if drawn.Len() <= photo.Len() {
		mime, out = "image/png", drawn.Bytes()
	}
	if len(out) > planBytes {
		return "", nil, 0, 0, web.Rejected("image", fmt.Sprintf("It takes %d bytes however it is kept; %d are taken. Use a plainer picture.", len(out), planBytes))
	}
	return mime, out, width, height, nil
}

// shrunk is a picture on white whose longest side is at most side: each of its points is the mean of those that it stands for.
func shrunk(src image.Image, side int) *image.RGBA {
	b := src.Bounds()
	whole := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(whole, whole.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(whole, whole.Rect, src, b.Min, draw.Over)
	long := max(b.Dx(), b.Dy())
	if long <= side {
		return whole
	}
	w, h := max(1, b.Dx()*side/long), max(1, b.Dy()*side/long)
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		y0, y1 := y*b.Dy()/h, max(y*b.Dy()/h+1, (y+1)*b.Dy()/h)
		for x := range w {
			x0, x1 := x*b.Dx()/w, max(x*b.Dx()/w+1, (x+1)*b.Dx()/w)
			var sum [4]int
			for sy := y0; sy < y1; sy++ {
				row := whole.Pix[sy*whole.Stride+4*x0 : sy*whole.Stride+4*x1]
				for i, v := range row {
					sum[i&3] += int(v)
				}
			}
			n := (x1 - x0) * (y1 - y0)
			at := small.Pix[y*small.Stride+4*x:]
			for i := range sum {
				at[i] = uint8(sum[i] / n)
			}
		}
	}
	return small
}
