import { Problem, Unreachable, type Language } from '@xinyi/api'

const fallback: Record<string, Record<Language, string>> = {
  unreachable: {
    zh: '暂时连不上服务器。已填写的内容还在这里,没有丢失,可以再试一次。',
    en: 'The server cannot be reached right now. What you entered is still here; you can try again.',
  },
  unknown: {
    zh: '这一步没有完成,数据没有改变。可以再试一次;如果还不行,请告诉管理员下面的编号。',
    en: 'This step was not completed and nothing was changed. Try again; if it still fails, give the administrator the number below.',
  },
  401: { zh: '登录已结束,请重新登录。', en: 'You are signed out. Please sign in again.' },
  403: { zh: '这里没有可以显示的内容。', en: 'There is nothing to show here.' },
  404: { zh: '这里没有可以显示的内容。', en: 'There is nothing to show here.' },
  413: { zh: '文件太大,请分成几份再上传。', en: 'The file is too large. Split it and upload the parts.' },
  429: { zh: '操作太快了,请等一会儿再试。', en: 'That was too fast. Please wait a moment and try again.' },
}

export interface Trouble {
  text: string
  /** Quote this number when asking for help; only where something is broken, not where a refusal says it all. */
  id: string | undefined
  retry: boolean
}

/** One sentence for any failure: what happened, what is safe, what to do next. */
export function trouble(error: unknown, language: Language): Trouble {
  if (error instanceof Unreachable) return { text: pick('unreachable', language), id: undefined, retry: true }
  if (error instanceof Problem) {
    const details = [...new Set(error.fields.map((each) => each.text?.[language]).filter(Boolean))].join(' ')
    const main = error.text(language) ?? pick(String(error.status), language)
    const text = [main, details === main ? '' : details, pause(error.extra.retry_after_s, language)].filter(Boolean).join(' ')
    return { text, id: error.status >= 500 || error.code === 'unknown' ? error.id : undefined, retry: error.status >= 500 || error.status === 429 }
  }
  return { text: pick('unknown', language), id: undefined, retry: true }
}

/** How long to wait, in the words of a person. */
function pause(seconds: unknown, language: Language): string {
  if (typeof seconds !== 'number' || !(seconds > 0)) return ''
  const minutes = Math.ceil(seconds / 60)
  if (language === 'zh') return seconds < 90 ? `${seconds} 秒以后可以再试。` : `大约 ${minutes} 分钟以后可以再试。`
  return seconds < 90 ? `You can try again in ${seconds} seconds.` : `You can try again in about ${minutes} minutes.`
}

function pick(key: string, language: Language): string {
  return (fallback[key] ?? fallback.unknown)?.[language] ?? ''
}
