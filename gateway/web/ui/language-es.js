// Español: the words of the first load and of watching; those of the other pages are in language-es-site.js.
import { number, temperature, tongue } from "./language.js";
import site from "./language-es-site.js";

/** @type {Record<string, string>} */
const kinds = { motion: "movimiento", line: "línea cruzada", intrusion: "intrusión", loitering: "merodeo", person: "persona", vehicle: "vehículo", face: "cara", "left-object": "objeto dejado o retirado", tamper: "sabotaje", "signal-loss": "señal perdida", "digital-input": "entrada digital", temperature: "temperatura", audio: "sonido", sensor: "sensor", mark: "marca" };
/** @param {string} kind */
const eventKind = kind => kinds[kind] || (kind === "manual" ? "grabación manual" : "") || kind.replaceAll("-", " ");
/** @param {string} id */
const stream = id => ({ main: "Flujo principal", sub: "Flujo secundario", third: "Tercer flujo" })[id] || `Flujo ${id}`;
/** @param {string} codec */
const codecName = codec => codec.replace("H26", "H.26");
/** @param {number} n bit/s */
const mbit = n => number(n / 1e6, n < 1e6 ? 2 : 1);
/** @param {number} n bit/s */
const bitrate = n => n < 1e6 ? `${Math.round(n / 1e3)} kbit/s` : `${number(n / 1e6, 1)} Mbit/s`;
/** @param {number} n @param {string} one @param {string} many */
const count = (n, one, many) => n === 1 ? `1 ${one}` : `${number(n)} ${many}`;

/** @type {import("./language.js").Tables} */
const words = {
  main: {
    cameraSettings: "Ajustes de la cámara", settings: "Ajustes", live: "En directo", timeline: "Cronología", events: "Eventos", exports: "Exportar", cameras: "Cámaras", map: "Plano", storage: "Almacenamiento",
    approvals: "Solicitudes", people: "Personas", audit: "Registro", me: "Su página", more: "Más", health: "El grabador",
    notSignedOut: "Usted sigue con la sesión iniciada: el grabador no aceptó cerrarla. Ciérrela otra vez.",
    rightsChanged: "Lo que usted puede hacer aquí ha cambiado.", notHere: "Aquí no existe esa cámara", notHereText: "Fue eliminada, o no está entre las que usted puede ver ahora.", goOn: "Continuar",
    wishesWait: n => n === 1 ? "1 solicitud espera su decisión" : `${n} solicitudes esperan su decisión`, wish: (who, what, why) => `${who} pide ${what}: «${why}»`, wishOf: (camera, range) => `${camera}, ${range}`, look: "Ver",
    signOut: "Cerrar sesión", signIn: "Iniciar sesión", user: "Usuario", password: "Contraseña",
    setUp: "Crear el administrador", setUpText: "Aquí aún no hay ninguna cuenta. La que cree ahora puede hacerlo todo; no hay otra entrada.",
    setUpNote: "Al menos 12 caracteres. Unas pocas palabras que recuerde son mejores que un acertijo corto.",
    onceFailed: "Este enlace ya se usó o es demasiado antiguo. Inicie sesión con su contraseña, o reinicie la demo para obtener otro.",
    keepKey: "Guarde la clave de recuperación", keepKeyText: "holdfast setup la mostró debajo del enlace; holdfast keys recovery en el grabador la muestra otra vez. Abre las grabaciones y las contraseñas de cámaras y personas si se pierde esta máquina o su clave raíz. Anótela, guárdela lejos de esta máquina y escríbala aquí.",
    recovery: "Clave de recuperación", recoveryNote: "14 grupos de cuatro letras y cifras. No importan mayúsculas, espacios ni guiones.", confirm: "Confirmar", later: "Más tarde",
    nag: "Nadie ha confirmado la clave de recuperación. Si se pierde esta máquina o su clave raíz, se pierde también todo lo sellado con ella.", nagDo: "Confirmar",
    setUpFirst: "Este grabador aún no tiene ninguna cuenta. holdfast setup en su máquina muestra el enlace que crea la primera.",
    setUpWhere: "Abra el enlace que holdfast setup muestra en el propio grabador.",
    ended: "Su sesión ha terminado: se acabó su tiempo, o alguien la cerró. Inicie sesión para seguir donde estaba.",
    code: "Código", codeNote: "Seis cifras de su aplicación de autenticación, o uno de sus códigos de recuperación.", codeWrong: "No se aceptó. Cada código vale una vez y durante medio minuto; compruebe también la contraseña.", wrongTries: t => `Demasiados intentos fallidos. Puede intentarlo de nuevo en ${t}.`, tryNow: "Ya puede intentarlo de nuevo.",
    wallShut: "Este videowall ya no tiene acceso", wallShutText: "Su enlace fue revocado, o se acabó su tiempo. Abra aquí uno nuevo: Personas, Videowalls y tokens. Se vuelve a intentar cada pocos segundos.", wallAgain: "Se vuelve a intentar cada pocos segundos. La grabación continúa.", noneForWall: "Ninguna cámara está abierta para este videowall",
    noneForYou: "Ninguna cámara está abierta para usted ahora", noneForYouText: "Quien cuida de este sitio decide qué cámaras puede ver usted y a qué horas.",
    noLive: "Las imágenes en directo no están entre sus derechos. Elija un momento pasado.", whoWatched: "Quién vio este momento",
    lost: "Se perdió la conexión con el grabador", lostText: "Las imágenes de abajo pueden ser antiguas. La grabación no depende de esta página.", since: "desde",
    removedCamera: n => `${n} (retirada)`, noCameras: "Aún no hay cámaras", noCamerasText: "Holdfast pregunta en su red por cámaras y muestra cuáles responden.", find: "Buscar cámaras",
    searching: "Preguntando en la red.", searchedSeconds: (n, s, of) => `${n} respondieron. ${s} de ${of} segundos.`, searchedAddresses: (n, done, of) => `${n} respondieron. ${done} de ${of} direcciones preguntadas.`,
    stop: "Detener", searchAgain: "Buscar otra vez", foundAll: n => n === 1 ? "1 cámara respondió." : `${n} cámaras respondieron.`, foundSome: n => `Detenido. Hasta entonces respondieron ${n}.`, foundNoneAt: "Nada respondió en esas direcciones, ni a la búsqueda ni a ONVIF.",
    ranges: "Direcciones", rangesNote: "Para redes que no dejan pasar la búsqueda: 192.168.1.0/24 o 192.168.1.10-50. Se pregunta a cada dirección, con suavidad.", searchRanges: "Buscar en direcciones", sharedID: "Comparte su identidad con otro dispositivo: no se le puede seguir a otra dirección.", addedAs: name => `Añadida como ${name}`,
    foundNone: "Ninguna cámara respondió. Las cámaras responden solo en su propio segmento de red y solo si la búsqueda está activada en ellas. Puede añadir una por su dirección.",
    found: "respondieron", add: "Añadir", added: "Añadida", address: "Dirección", addressNote: "Nombre de equipo, dirección IP o una dirección rtsp://.",
    name: "Nombre", nameNote: "Vacío: como la cámara se llama a sí misma.", addCamera: "Añadir cámara", adding: "Preguntando a la cámara quién es.",
    sourcesTitle: n => `Tiene ${n} fuentes de vídeo`, sourcesNote: "Cada una que elija será una cámara propia.", sourceNumber: (n, name) => name && name !== String(n) ? `${n}: ${name}` : `${n}`, thermalSource: "Térmica", sourceUnfit: "Nada de ella se puede grabar", sourcesNone: "Elija al menos una fuente de vídeo.", addChosen: "Añadir las elegidas",
    record: "Grabar", recordOn: "Siempre", recordEvents: "Alrededor de eventos", recordOff: "Solo en directo", cancel: "Cancelar",
    allOffline: "No se alcanza ninguna cámara", offline: "Sin conexión", plainlyOffline: "cámara sin conexión", starting: "Conectando", unauthorized: "Contraseña rechazada", disabled: "Apagada", online: "En línea",
    lastPicture: "última imagen", retry: s => s > 0 ? `nuevo intento en ${s} s` : "nuevo intento",
    stopped: "No llegan imágenes", cannotShow: "Sin imagen en este navegador", waiting: "Esperando una imagen", recording: "Grabando", notRecorded: "Sin grabar",
    recStates: { recording: "Grabando", waiting: "Esperando a la cámara", idle: "Nada que grabar ahora", failing: "No se puede escribir", off: "Solo en directo" },
    back: "Volver a todas las cámaras", full: "Pantalla completa", snapshot: "Captura", sound: "Sonido", info: "Información", showTimeline: "Cronología en este momento",
    layouts: { auto: "Auto", 1: "1", 4: "2 × 2", 6: "1 + 5", 9: "3 × 3", 16: "4 × 4" }, layout: "Disposición", page: "Página",
    noFootage: "No hay grabación de este momento", liveHere: "DIRECTO", play: "Reproducir", pause: "Pausar", speed: "Velocidad", frameBack: "Fotograma atrás", frame: "Fotograma adelante", day: "Día",
    mark: "Marcar", markNote: "Marcar este momento como evento", marked: "Marcado", footage: f => `Grabación: ${f}.`, until: "hasta", mode: "Modo",
    eventKind, event: (kind, source, len) => `${eventKind(kind)}${source ? ` (${source})` : ""}${len ? `, ${len}` : ""}`,
    unwanted: (len, cause) => `Sin grabar durante ${len}: ${cause}`, deleted: (len, cause) => `Eliminado, ${len}: ${cause}`,
    gap: (len, cause) => `Sin grabación durante ${len}: ${cause}`, jumped: (len, cause) => `No se grabó nada durante ${len} (${cause}). Sigue lo que viene después.`,
    nothingLater: "No hay grabación después de esto.", playFailed: "Esta grabación no se puede reproducir en este navegador.",
    volume: "Volumen", state: "Estado", free: "Libre", of: "de", sync: "Sinc.", alarms: "Alarmas", noAlarms: "Sin alarmas. Todo lo que debe grabarse se graba.", volumes: "Volúmenes",
    camera: "Cámara", streams: "Flujos", recordingColumn: "Grabación", newest: "más reciente", recordedTo: "Se graba en", encrypted: "Cifrada", inClear: "Sin cifrar", volumeAway: "un volumen", nowhere: "En ningún sitio por ahora", mirrored: "Duplicada", mirror: "Grabar en dos volúmenes a la vez", mirrorNote: "Si un disco falla, no se pierde nada. Ocupa el doble.", notMirrored: why => `No duplicada: ${why}`, means: "Significa", todo: "Qué hacer", healthy: { ok: "Todo bien", warning: "Requiere atención", failing: "Grabaciones en riesgo" },
    checking: "Comprobando", never: "nunca",
    loading: "Preguntando al grabador…",
    copy: "Copiar", copied: "Copiado", copyYourself: "Cópielo del campo.", save: "Guardar", saved: "Guardado", remove: "Quitar", change: "Cambiar", filter: "Filtrar", noMatch: "Nada coincide.",
    error: "Algo ha fallado", again: "Intentar de nuevo", close: "Cerrar", lostPackets: "paquetes perdidos", behind: "s de retraso", of2: "de",
  },
  look: {
    zone: z => `Horas en ${z}`,
    title: "Este dispositivo", text: "Se guarda solo en este navegador.", theme: "Colores", themes: { "": "Como el sistema", dark: "Oscuro", light: "Claro" },
    language: "Idioma", follow: name => `Como el navegador: ${name}`, skip: "Saltar a la página", keys: "Teclas del visor",
  },
  keys: {
    title: "Teclas", to: "a",
    everywhere: "En todas partes", help: "Estas teclas", find: "A la búsqueda de la página", next: "Al siguiente elemento", use: "Usarlo", leave: "Cerrar o volver",
    live: "En directo", pick: "A la cámara de al lado", nth: "Abrir una cámara", open: "Abrir la cámara", views: "Elegir una vista", pages: "Página de cámaras", full: "Pantalla completa", past: "Cronología en este momento",
    single: "Una cámara", others: "Cámara anterior o siguiente", snapshot: "Captura", mark: "Marcar este momento", record: "Grabar ahora, o parar", sound: "Sonido", ptz: "Girar y acercar", speak: "Hablar mientras se mantiene; una pulsación corta lo deja activado", boxes: "Recuadros y temperaturas", info: "Información", ago: "Hace 30 segundos", zoom: "Ampliar una parte, y volver", whole: "La imagen entera", move: "Mover la parte ampliada",
    steering: "Al girar una cámara", turn: "Girar", optic: "Acercar, alejar", preset: "A una posición", home: "A su posición inicial", aim: "Apuntar con el puntero",
    arranging: "Al ordenar", take: "Tomar, soltar", shift: "Mover", size: "Cambiar el tamaño, en disposición libre",
    timeline: "Cronología", play: "Reproducir, pausar", seconds: "10 segundos atrás, adelante", minute: "1 minuto atrás, adelante", tenth: "Un décimo del eje atrás, adelante", begin: "Al principio del eje", now: "A ahora", back30: "30 segundos atrás", reverse: "Reproducir hacia atrás", faster: "Más lento, más rápido", frame: "Fotograma atrás, adelante", axis: "Ampliar, reducir el eje", from: "El intervalo empieza aquí", until: "El intervalo termina aquí", cameras: "Elegir cámaras", day: "Elegir un día", search: "Buscar movimiento", event: "Evento anterior, siguiente",
    events: "Eventos", choose: "Elegir, o no", chooseTo: "Elegir hasta el siguiente", reviewed: "Revisado, o no", chooseNone: "No elegir ninguno", lists: "Listas", row: "Fila de arriba, de abajo", details: "Abrir los detalles",
  },
  keynames: { Space: "Espacio", Enter: "Intro", Escape: "Esc", Tab: "Tab", Home: "Inicio", End: "Fin", PageUp: "Re Pág", PageDown: "Av Pág", Shift: "Mayús", Delete: "Supr" },
  live: {
    all: "Todas las cámaras", view: "Vista", views: "Vistas", groups: "Grupos", layout: "Disposición", page: n => `Página ${n}`,
    layouts: { auto: "Tantas como haya", 1: "Una", 4: "2 × 2", 6: "Una grande, cinco pequeñas", 9: "3 × 3", 16: "4 × 4", 25: "5 × 5", free: "Libre" },
    lastFootage: t => `última grabación ${t}`,
    arrange: "Ordenar", arrangeDone: "Hecho", arrangeText: "Arrastre una cámara a otro lugar. Con el teclado: Espacio la toma, las flechas la mueven, Espacio la suelta.", picked: camera => `${camera} tomada`, putDown: camera => `${camera} soltada`, arrangeFree: "Arrastre una cámara para moverla, su esquina para cambiar su tamaño. Con el teclado: Espacio la toma, las flechas la mueven, Mayús con flechas cambia el tamaño, Espacio la suelta.", arrangeReset: "Empezar de nuevo",
    moved: (camera, at, of) => `${camera}: lugar ${at} de ${of}`, movedTo: (camera, x, y, wide, high) => `${camera}: columna ${x}, fila ${y}, ${wide} por ${high} de 24`,
    saveAs: "Guardar como vista", saveAsTitle: "Una vista propia", saveAsText: "Se guarda en este dispositivo.", viewName: "Nombre", cameras: "Cámaras", saveView: "Guardar", editView: "Cambiar esta vista", removeView: "Quitar esta vista", removeViewTitle: name => `Quitar la vista «${name}»`, removeViewText: "Las cámaras y sus grabaciones quedan como están.", tooMany: n => `Este dispositivo guarda como mucho ${n} vistas. Quite antes una.`,
    window: "Abrir en ventana propia", address: "Dirección de esta vista", addressText: "Abre esta vista a quien pueda ver estas cámaras. Para una pantalla sin persona, póngala en el enlace de un videowall en lugar de «/wall», antes de «#».",
    emptyView: "Ninguna cámara de esta vista está abierta para usted", emptyViewText: "Elija otra vista, o cambie esta.",
    tour: "Ronda", tourOn: "Iniciar la ronda", tourOff: "Terminar la ronda", tourTitle: "Ronda", tourText: "Muestra vistas una tras otra. Un toque o una tecla la detiene un minuto.", tourEvery: "Segundos de cada una", tourViews: "Vistas", tourPages: "La ronda pasa por las páginas de una vista, o por varias vistas.", tourStart: "Iniciar", tourPaused: s => `Ronda en pausa, sigue en ${s} s`, tourGoesOn: "Seguir",
    tourShort: "De 3 a 3600 segundos.", tourOne: "Elija una vista con varias páginas, o dos vistas.",
    alarms: "Traer alarmas al frente", alarmsText: "Cuando empieza uno de estos, su cámara se muestra en grande y luego vuelve. Solo en este dispositivo. Una cámara que usted abrió se queda.", alarmSeconds: "Cuánto tiempo, segundos", alarmKinds: "Eventos", alarmSave: "Guardar", alarmNow: (kind, camera, t) => `${camera}: ${kind} desde ${t}`, alarmShow: "Mostrar", alarmKeep: "Quedarse aquí",
    kinds, talk: "Hablar", ptz: "Girar y acercar",
    controls: camera => `Controles de ${camera}`, ago: "Hace 30 segundos", pip: "Imagen en imagen", pipNot: "Este navegador no lo permitió.", zoomed: n => `${n} ×`, unzoom: "Imagen entera",
    record: "Grabar ahora", recordStop: "Parar la grabación", recordBound: "Se guarda como evento hasta que la pare, 15 minutos como mucho", recording: t => `Grabando ${t}`, recordBegan: "Se graba como evento, 15 minutos como mucho.", recordEnded: t => `Grabado ${t}.`,
    saved: name => `Guardado ${name}`, soundOn: "Sonido activado", soundOff: "Sonido desactivado",
    facts: { state: "Estado", stream: "Flujo", memory: "Memoria", recording: "Grabación", mode: "Modo", address: "Dirección", device: "Dispositivo" }, unknown: "–", lostByCamera: n => `${number(n)} paquetes antes del grabador`, sent: "Perdió la cámara", chooseWay: "Vía de esta imagen",
  },
  player: {
    stream, kinds: { webrtc: "WebRTC", mp4: "Media Source" },
    name: (id, kind, codec, made) => `${stream(id)}, ${codecName(codec)} por ${kind}${made ? ", hecho por el grabador" : ""}`, automatic: "Automático",
    quickest: "Es la vía más rápida y envía la imagen como la envía la cámara.", forSound: codec => `Los navegadores reproducen sonido ${codec} solo por esta vía.`, instead: why => `WebRTC no es posible: ${why}`, otherStream: (id, why) => `${stream(id)} no es posible: ${why}`, madeSince: why => `El grabador lo convierte a H.264 para este navegador: ${why}`, yours: "Usted la eligió.",
    cannotWebRTC: codec => `Este navegador no puede reproducir ${codecName(codec)} por WebRTC.`, cannotMSE: codec => `Este navegador no puede reproducir ${codecName(codec)} con Media Source Extensions.`, noWebRTC: "Este navegador no tiene WebRTC.", noMSE: "Este navegador no tiene Media Source Extensions.",
    notConnected: "No se conectó: los puertos UDP y TCP del grabador para imágenes quizá estén cerrados para este dispositivo.", nothingShown: "Se conectó, y este navegador no mostró imagen.", refused: why => why, streamDown: "El flujo no está ahora.",
    fallback: codec => `Este navegador no puede reproducir ${codecName(codec)}; usted ve el flujo H.264 más pequeño de la cámara.`, made: codec => `Este navegador no puede reproducir ${codecName(codec)}; el grabador hace de él una imagen H.264 más pequeña.`, none: codec => `Este navegador no puede reproducir ${codecName(codec)}, y la cámara no tiene flujo H.264. Se graba igualmente.`,
    thin: (carries, rate) => carries > 0 && rate > 0 ? `Solo fotogramas clave: su conexión lleva ${mbit(Math.min(carries, rate))} de ${mbit(rate)} Mbit/s.` : "Solo fotogramas clave: su conexión no lo lleva todo.",
    codec: "Códec", picture: "Imagen", frames: "Fotogramas", fps: (shown, sent) => sent > 0 ? `${number(shown, 0)} de ${number(sent, 0)} por segundo` : `${number(shown, 0)} por segundo`,
    rate: "Tasa de bits", rateOf: (got, sent) => sent > 0 ? `${bitrate(got)} · la cámara envía ${bitrate(sent)}` : bitrate(got),
    loss: "Perdido", lossOf: (share, all) => `${number(share * 100, 1)} % ahora, ${number(all)} en total`, latency: "Retraso", ms: s => `${Math.round(s * 1000)} ms`, way: "Llega por", why: "Motivo", others: "Otros flujos", soundOf: "Sonido", at: t => t.toLocaleTimeString(tongue()),
  },
  scene: {
    classes: { Human: "persona", Person: "persona", Face: "cara", HumanFace: "cara", Vehicle: "vehículo", Vehical: "vehículo", Car: "coche", Truck: "camión", Bus: "autobús", Bike: "bici", Bicycle: "bicicleta", Motorcycle: "moto", Animal: "animal", LicensePlate: "matrícula", Fire: "fuego", Smoke: "humo", Barcode: "código de barras", Other: "objeto" },
    object: "objeto", boxes: "Recuadros y temperaturas", nothing: "No se ve nada en la imagen", seen: list => `Se ve: ${list.join(", ")}`, reading: r => `${r.item} ${r.spot !== undefined ? temperature(r.spot) : `${temperature(r.min || 0)} a ${temperature(r.max || 0)}${r.average === undefined ? "" : `, ${temperature(r.average)} de media`}`}`, unplaced: "La cámara no dice dónde:",
  },
  ptz: {
    title: "Girar y acercar", speed: "Velocidad", direction: "Dirección", presets: "Posiciones", tours: "Rondas", home: "Posición inicial",
    up: "Arriba", down: "Abajo", left: "Izquierda", right: "Derecha", upLeft: "Arriba a la izquierda", upRight: "Arriba a la derecha", downLeft: "Abajo a la izquierda", downRight: "Abajo a la derecha", zoomIn: "Acercar", zoomOut: "Alejar",
    click: "Apuntar en la imagen", clickText: "Un clic lleva ese punto al centro; un recuadro dibujado se lleva allí y se amplía.", keep: "Guardar esta posición", keepText: "La cámara recuerda con este nombre adónde mira ahora.", presetName: "Nombre", forget: name => `Olvidar ${name}`,
    nobody: "Nadie la dirige ahora.", yours: t => `Usted la dirige hasta ${t}.`, theirs: (who, t) => `${who} la dirige hasta ${t}.`, lock: "Reservarla para mí", letGo: "Dejar que otros la dirijan", takeOver: "Tomar el control",
  },
  talk: {
    talk: "Hablar", hint: "Mantenga pulsado para hablar; una pulsación corta lo deja activado. Todos junto a la cámara le oyen, y en el registro consta que habló.", connecting: "Conectando", now: t => `Hablando ${t}`, began: "Hable ahora.", over: "Ya no se le oye.", other: (who, t) => `${who} habla desde ${t}`,
    insecure: "Esta dirección no es segura, así que el navegador no da el micrófono. Abra el grabador por su dirección https.", notAllowed: "El navegador no da el micrófono a esta página. Permítalo en la barra de direcciones e inténtelo de nuevo.", noMicrophone: "El navegador no encuentra ningún micrófono. Conecte uno y pulse otra vez.", failed: "No se pudo conectar el micrófono.", ended: "Terminó de hablar: se fue la conexión o el derecho a ella, o pasaron cinco minutos.",
  },
  timeline: {
    axis: "Eje del tiempo", pictures: "Imágenes", chooseCameras: "Elegir cámaras", chosen: n => n === 1 ? "1 cámara" : `${n} cámaras`, chooseMost: n => `Como mucho ${n} se reproducen juntas.`, all: "Todas", none: "Ninguna", allOf: n => `Todas (${n})`,
    backwards: "Hacia atrás", forwards: "Hacia adelante", ago: "30 s atrás", agoHow: "Hace treinta segundos (J)", calendar: "Días con grabación", month: d => d.toLocaleDateString(tongue(), { month: "long", year: "numeric" }), earlier: "Mes anterior", later: "Mes siguiente", today: "Hoy",
    hasFootage: day => `${day}, con grabación`, noFootageOn: day => `${day}, sin grabación`, copyLink: "Copiar un enlace a este momento", copied: "Enlace a este momento copiado.", copyFailed: "El navegador no dejó copiar el enlace. Está en la barra de direcciones.",
    moments: "Qué pasó", momentsNone: "No pasó nada en el tiempo que muestra el eje.", momentsMore: n => `Solo se listan los primeros ${n}. Amplíe el eje para ver el resto.`, jumpOver: "A la siguiente grabación",
    zoomIn: "Ampliar", zoomOut: "Reducir", noneThen: "Sin grabación", outOfReach: "Grabación fuera de alcance", outOfReachWhy: "Se grabó y ahora no se puede leer: el volumen o el archivo en el que está no se encuentra. Almacenamiento dice más.", waits: "Esperando la imagen", failed: "Esta grabación no se puede reproducir aquí", locked: "Bloqueada",
    facts: "Cómo va cada imagen", fact: (id, w, hgt, codec, ms) => `${id} · ${w} × ${hgt} · ${codec}${Number.isNaN(ms) ? "" : ` · ${Math.abs(Math.round(ms))} ms ${ms < 0 ? "por detrás" : "por delante"}`}`,
    search: "Buscar", searchMotion: "Buscar movimiento", searchTitle: "Buscar movimiento", searchText: (camera, range) => `${camera}, ${range}. El intervalo es lo que muestra el eje, o el elegido; un día como mucho.`, where: "Dónde", drawHow: "O dibuje una parte sobre la imagen.", howMuch: "Qué cuenta", comparePictures: "Comparar imágenes aun donde la cámara dibujó recuadros",
    places: { whole: "En toda la imagen", left: "En la mitad izquierda", right: "En la mitad derecha", upper: "En la mitad superior", lower: "En la mitad inferior", middle: "En el centro", drawn: "En la parte dibujada" }, leasts: { much: "Cambios grandes", some: "Cambios habituales", little: "Cambios pequeños" },
    searching: "Buscando", searchPart: n => `${n} % revisado`, byPictures: (n, every, pace) => `${count(n, "imagen comparada", "imágenes comparadas")}, una cada ${number(every, 1)} s, ${Math.round(pace)}× más rápido que la vida.`, byBoxes: pace => `Por los recuadros de la cámara, ${Math.round(pace)}× más rápido que la vida.`, left: t => `Quedan unos ${t}.`,
    hits: n => n === 1 ? "1 tramo encontrado." : `${n} tramos encontrados.`, hitsMore: n => `${n} tramos encontrados, y hay más. Elija un intervalo más corto.`, noHits: "Allí no se movió nada.", nothingThere: "Allí no hay grabaciones en las que buscar. La cronología dice por qué.", stoppedAt: n => n === 0 ? "Detenido. Hasta entonces no se encontró nada." : n === 1 ? "Detenido. Hasta entonces se encontró 1 tramo." : `Detenido. Hasta entonces se encontraron ${n} tramos.`, moved: "Algo se movió", changed: n => `${number(n, n < 10 ? 1 : 0)} % cambió`,
    keysOnly: "Fotogramas clave", keysNote: "Desde 8×, y hacia atrás, solo se muestran los fotogramas clave.", filled: "Rellenado desde la tarjeta de la cámara",
    partly: cause => `Aquí falta algo: ${cause}`, count: (n, kind) => n === 1 ? kind : `${n} eventos, primero ${kind}`, at: when => `A las ${when}`, gapAt: (when, what) => `${when}. ${what}`, showHere: "Mostrar esta cámara en grande",
    mark: "Marcar este momento", markAbout: "¿De qué se trata? (opcional)", markAt: t => `Palabras para la marca de las ${t}`, markSave: "Guardar", markSkip: "Sin palabras", markKept: text => `Guardado con la marca: ${text}`, markLong: "Supera los 500 bytes.",
    sound: "Sonido", soundOff: "Quitar el sonido", soundOnce: "El sonido solo se oye hacia adelante a 1×", soundNone: "Aquí no se grabó sonido", soundFailed: "El sonido no se puede reproducir aquí", soundNotYours: "No puede oír esta cámara: para usted no hay sonido",
    removed: "Cámaras retiradas", removedNote: "Sus grabaciones se conservan hasta que llegue su edad. En el eje se puede elegir un tramo y exportarlo, bloquearlo o borrarlo antes.", removedSince: "Esta cámara se retiró", newest: t => `Su grabación más reciente: ${t}`,
    twice: (from, to, chosen) => `Se retrasó el reloj del grabador: de ${from} a ${to} hay dos grabaciones. ${chosen ? "Una exportación dentro de ese intervalo contiene la elegida." : "Una exportación de ese intervalo contiene ambas, una tras otra."}`,
    whichRecording: "Qué grabación se muestra", recordingOf: (n, of) => `Grabación ${n} de ${of}`,
  },
  ...site,
};
export default words;
